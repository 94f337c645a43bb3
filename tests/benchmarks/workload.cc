#include "workload.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <iterator>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/catalog.h"
#include "sync/change.h"
#include "sync/hlc.h"
#include "sync/status_macros.h"
#include "tikar/v1/change.pb.h"

namespace tikar::benchmarks {
namespace {

// Monday 2026-01-05, 08:00 in Kerinci (WIB).
constexpr int64_t kMorningMs = 1'767'574'800'000;
constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
// Requests of one officer that are still worked on.
constexpr size_t kOpenRequestsMax = 20;
// Out of a hundred changes.
constexpr size_t kCreatesPercent = 40;

constexpr const char* kWords[] = {
    "jalan",     "berlubang", "lampu",   "padam",      "sampah", "menumpuk",  "saluran",  "air",
    "tersumbat", "jembatan",  "rusak",   "warga",      "pasar",  "sekolah",   "malam",    "hujan",
    "banjir",    "dusun",     "petugas", "diperbaiki", "sejak",  "minggu",    "lalu",     "dekat",
    "kantor",    "desa",      "mohon",   "segera",     "bahaya", "anak-anak", "melintas", "licin"};
constexpr const char* kCategories[] = {"jalan_jembatan", "penerangan_jalan", "air_drainase",
                                       "sampah_kebersihan"};
constexpr const char* kStates[] = {"diterima", "diverifikasi", "ditangani", "dijawab", "selesai"};
constexpr size_t kKecamatanCount = 16;
constexpr size_t kVillagesEach = 20;

struct Request {
  sync::RequestId id;
  std::vector<sync::ChangeId> heads;
  size_t state = 0;
  std::string description;
};

class Writer {
 public:
  Writer(const std::string& definition, const WorkloadOptions& options)
      : options_(options),
        definition_hash_(sync::Sha256(definition)),
        random_(options.seed),
        open_(options.phones) {}

  absl::StatusOr<std::vector<PhoneChange>> Write() {
    for (size_t turn = 0; !Enough(); ++turn) {
      const size_t phone = turn % options_.phones;
      if (open_[phone].empty() || Draw(100) < kCreatesPercent) {
        RETURN_IF_ERROR(Create(phone));
      } else {
        RETURN_IF_ERROR(Edit(phone));
      }
    }
    return std::move(changes_);
  }

 private:
  bool Enough() const {
    return (options_.requests > 0 && requests_ >= options_.requests) ||
           (options_.changes > 0 && changes_.size() >= options_.changes);
  }

  size_t Draw(size_t below) { return static_cast<size_t>(random_() % below); }

  std::string Sentence(size_t words) {
    std::string text;
    for (size_t i = 0; i < words; ++i) {
      absl::StrAppend(&text, i == 0 ? "" : " ", kWords[Draw(std::size(kWords))]);
    }
    return text;
  }

  // What every change has. Each is written a second after the one before.
  v1::ChangeBody Head(const std::string& actor, const std::string& role) {
    v1::ChangeBody body;
    body.set_region(kRegion);
    body.set_actor(actor);
    body.set_role(role);
    const uint64_t written_ms =
        static_cast<uint64_t>(kMorningMs) + 1000 * static_cast<uint64_t>(changes_.size());
    body.set_hlc(written_ms << 16);
    const uint64_t nonce = random_();
    body.set_nonce(&nonce, sizeof(nonce));
    return body;
  }

  absl::StatusOr<sync::ParsedChange> Add(const v1::ChangeBody& body) {
    ASSIGN_OR_RETURN(sync::ParsedChange change, sync::ParseChange(body.SerializeAsString()));
    changes_.push_back({body.actor(), change.bytes});
    return change;
  }

  static v1::Value* Set(v1::ChangeBody& body, const std::string& path) {
    v1::SetField* set = body.add_mutations()->mutable_set_field();
    set->set_path(path);
    return set->mutable_value();
  }

  absl::Status Create(size_t phone) {
    v1::ChangeBody body = Head(absl::StrCat("hp-", phone), "petugas");
    v1::Create* create = body.add_mutations()->mutable_create();
    create->set_definition_hash(definition_hash_.bytes());
    create->set_service("pengaduan");
    create->set_version(1);
    create->set_area(absl::StrFormat("%s.%02d.%04d", kRegion, 1 + phone % kKecamatanCount,
                                     2001 + Draw(kVillagesEach)));
    Request request;
    request.description = Sentence(40);
    Set(body, "judul")->set_text(Sentence(6));
    Set(body, "deskripsi")->set_text(request.description);
    Set(body, "kategori")->set_text(kCategories[Draw(std::size(kCategories))]);
    Set(body, "alamat")->set_text(Sentence(5));
    Set(body, "kanal")->set_text("lapangan");
    Set(body, "tanggal_kejadian")->set_date_days(20'458 - static_cast<int32_t>(Draw(7)));
    Set(body, "prioritas")->set_integer(1 + static_cast<int64_t>(Draw(4)));
    Set(body, "pelapor_nama")->set_text(Sentence(2));
    Set(body, "pelapor_telepon")->set_text(absl::StrFormat("0812%08d", Draw(100'000'000)));
    v1::Place* place = Set(body, "lokasi")->mutable_place();
    place->set_latitude_e7(-19'000'000 - static_cast<int32_t>(Draw(3'000'000)));
    place->set_longitude_e7(1'012'000'000 + static_cast<int32_t>(Draw(3'000'000)));
    ASSIGN_OR_RETURN(const sync::ParsedChange change, Add(body));
    request.id = change.request_id;
    request.heads = {change.id};
    std::deque<Request>& open = open_[phone];
    open.push_back(std::move(request));
    if (open.size() > kOpenRequestsMax) open.pop_front();
    ++requests_;
    return absl::OkStatus();
  }

  absl::Status Edit(size_t phone) {
    Request& request = open_[phone][Draw(open_[phone].size())];
    const std::vector<sync::ChangeId> seen = request.heads;
    v1::ChangeBody body = On(request, seen, absl::StrCat("hp-", phone), "petugas");
    const size_t kind = Draw(10);
    if (kind < 5) {
      v1::AddElement* comment = body.add_mutations()->mutable_add_element();
      comment->set_collection("comments");
      comment->mutable_value()->set_text(Sentence(12));
    } else if (kind < 7 && request.state + 1 < std::size(kStates)) {
      v1::Transition* step = body.add_mutations()->mutable_transition();
      step->set_from(kStates[request.state]);
      step->set_to(kStates[++request.state]);
    } else if (kind < 9) {
      Set(body, "deskripsi")->set_text(absl::StrCat(request.description, " ", Sentence(4)));
    } else {
      Set(body, "prioritas")->set_integer(1 + static_cast<int64_t>(Draw(4)));
    }
    ASSIGN_OR_RETURN(const sync::ParsedChange change, Add(body));
    request.heads = {change.id};
    if (options_.edits_per_office_edit == 0 || Draw(options_.edits_per_office_edit) != 0) {
      return absl::OkStatus();
    }
    // The office had not seen it.
    v1::ChangeBody office = On(request, seen, "kantor-kerinci", "operator");
    Set(office, "perangkat_daerah")->set_text(Sentence(3));
    Set(office, "deskripsi")->set_text(absl::StrCat(Sentence(3), " ", request.description));
    ASSIGN_OR_RETURN(const sync::ParsedChange beside, Add(office));
    request.heads = {std::min(change.id, beside.id), std::max(change.id, beside.id)};
    return absl::OkStatus();
  }

  v1::ChangeBody On(const Request& request, const std::vector<sync::ChangeId>& seen,
                    const std::string& actor, const std::string& role) {
    v1::ChangeBody body = Head(actor, role);
    body.set_request_id(request.id.bytes());
    for (const sync::ChangeId& parent : seen) body.add_parents(parent.bytes());
    return body;
  }

  const WorkloadOptions options_;
  const sync::Hash definition_hash_;
  std::mt19937_64 random_;
  std::vector<std::deque<Request>> open_;  // by phone
  std::vector<PhoneChange> changes_;
  size_t requests_ = 0;
};

}  // namespace

int64_t NowMs() {
  static const auto began = std::chrono::steady_clock::now();
  const auto passed = std::chrono::steady_clock::now() - began;
  // Some days later: whatever was written, was written before.
  return kMorningMs + 30 * kDayMs +
         std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
}

absl::StatusOr<std::string> ComplaintDefinition() {
  const std::string path = TIKAR_SOURCE_DIR "/catalog/services/pengaduan.textproto";
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return server::DefinitionFromText(path, text);
}

absl::StatusOr<std::vector<PhoneChange>> MakeWorkload(const std::string& definition,
                                                      const WorkloadOptions& options) {
  CHECK(options.requests > 0 || options.changes > 0);
  return Writer(definition, options).Write();
}

}  // namespace tikar::benchmarks
