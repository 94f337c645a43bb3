#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/csv.h"
#include "seeds.h"
#include "sync/status_macros.h"
#include "world.h"

namespace tikar::fuzz {

std::string RealRows(const Seeds& seeds, int rows) {
  std::istringstream input(seeds.Source("tests/data/nyc311/requests-500.csv"));
  cli::CsvReader reader(input);
  std::ostringstream output;
  for (int row = 0; row <= rows; ++row) {
    const auto record = reader.Next();
    CHECK(record.ok() && record->has_value());
    cli::WriteCsvRecord(output, (*record)->cells);
  }
  return output.str();
}

namespace {

void MakeImports(Seeds* seeds) {
  const std::string map = seeds->Source("tests/data/nyc311/nyc311.map.textproto");
  const std::string definition = seeds->Service("pengaduan").SerializeAsString();
  seeds->Add("import", "good_real_rows", Framed(0, {RealRows(*seeds, 4), map, definition}));
  const std::string small = R"(
source: "dinas" actor: "import/dinas" role: "petugas" service: "izin-usaha" definition_version: 1
region: "15.01" key_column: "No" date_format: "%d-%m-%Y" time_zone: "Asia/Jakarta"
created_column: "Tanggal"
area { parts { fixed: "15.01.06" } }
fields { field: "nama" text { parts { column: "Nama" } length_max: 20 } }
fields { field: "modal" text { parts { column: "Modal" empty_texts: "-" } } }
fields { field: "jenis" text { parts { column: "Jenis" } table { from: "W" to: "warung" } otherwise: "bengkel" } }
fields { field: "tempat" place { latitude_column: "Lintang" longitude_column: "Bujur" } }
comments { parts { column: "Catatan" prefix: "Catatan: " } }
status { parts { column: "Status" } }
walks { status: "periksa" steps { to: "diperiksa" time_column: "Diperiksa" reason { parts { fixed: "Lama" } } } }
)";
  const std::string rows =
      "No,Tanggal,Nama,Modal,Jenis,Lintang,Bujur,Catatan,Status,Diperiksa\r\n"
      "1,02-03-2026,\"Warung \"\"Sari\"\"\",Rp1.500.000,W,-2.06,101.39,baru,periksa,03-03-2026\r\n"
      "2,03-03-2026,Bengkel Jaya,-,B,,,,periksa,\r\n";
  seeds->Add("import", "good_own_map", Framed(0, {rows, small}));
  seeds->Add("import", "good_file", Framed(0, {rows}));
  seeds->Add("import", "stray_quotes",
             Framed(0, {"\xef\xbb\xbf"
                        "a,\"b\"c,d\"\"\re,\"f\ng\",\n\n\"never closed\n"}));
}

void MakeFiles(Seeds* seeds) {
  seeds->Add("files", "good_contexts",
             "ccurrent: \"kerinci\"\ncontexts { name: \"kerinci\" server: \"127.0.0.1:50151\" "
             "actor: \"admin/ani\" role: \"penyelia\" }\ncontexts { name: \"nias\" server: "
             "\"127.0.0.1:50152\" }\n");
  seeds->Add("files", "good_definition", "d" + seeds->Source("catalog/services/erk.textproto"));
  seeds->Add("files", "good_calendar",
             "k" + seeds->Source("catalog/calendars/indonesia.textproto"));
  seeds->Add("files", "good_areas",
             "acode,name\n15,Jambi\n.\ncode,name\n15.01,Kabupaten Kerinci\n.\ncode,name\n"
             "15.01.06,Gunung Kerinci\n15.01.07,\"Batang Merangin\"\n.\ncode,name\n"
             "15.01.06.2010,Sungaibetung Hilir\n15.01.06.2011,\"Sungai \"\"Gantih\"\"\"\n.\n"
             "code,area_code\n15.01.06.2001,15.01.07\n");
}

}  // namespace

void MakeFileSeeds(Seeds* seeds) {
  MakeImports(seeds);
  MakeFiles(seeds);
}

}  // namespace tikar::fuzz
