// The form of the fuzzers' world.
#include <google/protobuf/text_format.h>

#include "sync/status_macros.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

constexpr char kForm[] = R"pb(
  service: "izin-usaha"
  version: 1
  publisher: "32.73"
  title { id: "Izin usaha" en: "Business licence" }
  description { id: "Izin untuk usaha kecil." en: "A licence for a small business." }
  merge_version: 1
  title_field: "nama"
  is_public: true
  fields {
    key: "nama"
    type: FIELD_TYPE_TEXT
    policy: POLICY_LATEST
    required: true
    length_max: 80
    is_public: true
    label { id: "Nama" en: "Name" }
  }
  fields {
    key: "uraian"
    type: FIELD_TYPE_LONG_TEXT
    policy: POLICY_TEXT
    label { id: "Uraian" en: "Description" }
  }
  fields {
    key: "pegawai"
    type: FIELD_TYPE_INTEGER
    policy: POLICY_HIGHEST
    minimum: 0
    maximum: 100000
    label { id: "Pegawai" en: "Employees" }
  }
  fields {
    key: "modal"
    type: FIELD_TYPE_MONEY
    policy: POLICY_REVIEW
    settler_roles: "kepala"
    label { id: "Modal" en: "Capital" }
  }
  fields {
    key: "luas"
    type: FIELD_TYPE_DECIMAL
    policy: POLICY_LOWEST
    label { id: "Luas" en: "Area" }
  }
  fields {
    key: "halal"
    type: FIELD_TYPE_FLAG
    policy: POLICY_LATEST
    label { id: "Halal" en: "Halal" }
  }
  fields {
    key: "berdiri"
    type: FIELD_TYPE_DATE
    policy: POLICY_LOWEST
    label { id: "Berdiri" en: "Founded" }
  }
  fields {
    key: "kunjungan"
    type: FIELD_TYPE_TIME
    policy: POLICY_HIGHEST
    label { id: "Kunjungan" en: "Visit" }
  }
  fields {
    key: "tempat"
    type: FIELD_TYPE_PLACE
    policy: POLICY_LATEST
    label { id: "Tempat" en: "Place" }
  }
  fields {
    key: "jenis"
    type: FIELD_TYPE_CHOICE
    policy: POLICY_LATEST
    is_public: true
    label { id: "Jenis" en: "Kind" }
    choices {
      key: "warung"
      label { id: "Warung" en: "Stall" }
    }
    choices {
      key: "bengkel"
      label { id: "Bengkel" en: "Workshop" }
    }
  }
  fields {
    key: "bahan"
    type: FIELD_TYPE_CHOICES
    policy: POLICY_UNION
    label { id: "Bahan" en: "Materials" }
    choices {
      key: "batu"
      label { id: "Batu" en: "Stone" }
    }
    choices {
      key: "besi"
      label { id: "Besi" en: "Iron" }
    }
    choices {
      key: "kayu"
      label { id: "Kayu" en: "Wood" }
    }
  }
  fields {
    key: "nik"
    type: FIELD_TYPE_NIK
    policy: POLICY_REVIEW
    personal: true
    label { id: "NIK" en: "Identity number" }
  }
  fields {
    key: "nib"
    type: FIELD_TYPE_NIB
    policy: POLICY_REVIEW
    label { id: "NIB" en: "Business number" }
  }
  fields {
    key: "telepon"
    type: FIELD_TYPE_PHONE
    policy: POLICY_LATEST
    personal: true
    label { id: "Telepon" en: "Telephone" }
  }
  fields {
    key: "nomor"
    type: FIELD_TYPE_TEXT
    policy: POLICY_LATEST
    pattern: "[A-Z]{2}-[0-9]{1,6}"
    writer_roles: "kepala"
    label { id: "Nomor" en: "Number" }
    pattern_message { id: "Tulis seperti SK-12." en: "Write it like SK-12." }
  }
  workflow {
    states {
      key: "diterima"
      label { id: "Diterima" en: "Received" }
    }
    states {
      key: "diperiksa"
      label { id: "Diperiksa" en: "Examined" }
    }
    states {
      key: "disetujui"
      decision: true
      label { id: "Disetujui" en: "Approved" }
    }
    states {
      key: "ditolak"
      decision: true
      label { id: "Ditolak" en: "Rejected" }
    }
    states {
      key: "terbit"
      terminal: true
      label { id: "Terbit" en: "Issued" }
    }
    states {
      key: "tutup"
      terminal: true
      label { id: "Tutup" en: "Closed" }
    }
    edges {
      from: "diterima"
      to: "diperiksa"
      roles: "petugas"
      roles: "kepala"
      label { id: "Periksa" en: "Examine" }
      required_fields: "jenis"
    }
    edges {
      from: "diperiksa"
      to: "disetujui"
      roles: "kepala"
      label { id: "Setujui" en: "Approve" }
      conditions { field: "pegawai" minimum: 1 maximum: 50 }
      conditions { field: "jenis" choices: "warung" choices: "bengkel" }
      condition_message { id: "Hanya usaha kecil." en: "Small businesses only." }
    }
    edges {
      from: "diperiksa"
      to: "ditolak"
      roles: "kepala"
      reason_required: true
      label { id: "Tolak" en: "Reject" }
    }
    edges {
      from: "disetujui"
      to: "terbit"
      roles: "kepala"
      irreversible: true
      required_fields: "nomor"
      label { id: "Terbitkan" en: "Issue" }
    }
    edges {
      from: "ditolak"
      to: "tutup"
      roles: "kepala"
      label { id: "Tutup" en: "Close" }
    }
  }
  roles {
    key: "petugas"
    creates: true
    retracts: true
    assigns: true
    label { id: "Petugas" en: "Officer" }
  }
  roles {
    key: "kepala"
    creates: true
    retracts: true
    assigns: true
    label { id: "Kepala" en: "Head" }
  }
  service_levels {
    key: "periksa"
    from_state: "diterima"
    until_states: "diperiksa"
    working_days: 3
    label { id: "Diperiksa" en: "Examined" }
  }
  service_levels {
    key: "diam"
    from_state: "ditolak"
    until_states: "tutup"
    working_days: 10
    automatic_state: "tutup"
    label { id: "Ditutup" en: "Closed" }
  }
  collections {
    key: "comments"
    length_max: 500
    elements_max: 40
    label { id: "Komentar" en: "Comments" }
  }
  collections {
    key: "angsuran"
    type: FIELD_TYPE_MONEY
    elements_max: 12
    label { id: "Angsuran" en: "Instalments" }
  }
  settler_roles: "kepala"
  duplicates { place_field: "tempat" distance_metres: 200 days: 30 equal_fields: "jenis" }
  reports {
    key: "jenis"
    title { id: "Per jenis" en: "By kind" }
    columns: "nama"
    columns: "jenis"
    columns: "modal"
    sums: "modal"
    group_by: "jenis"
  }
)pb";

std::shared_ptr<const sync::Definition> Parsed(const v1::Definition& proto) {
  absl::StatusOr<std::shared_ptr<const sync::Definition>> definition =
      sync::Definition::Parse(proto.SerializeAsString());
  CHECK(definition.ok());
  return *std::move(definition);
}

}  // namespace

v1::Definition DefinitionOf(const char* text) {
  v1::Definition proto;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &proto));
  return proto;
}

const v1::Definition& FormProto() {
  static const auto* const proto = new v1::Definition(DefinitionOf(kForm));
  return *proto;
}

std::shared_ptr<const sync::Definition> Form() {
  static const auto* const form = new std::shared_ptr<const sync::Definition>(Parsed(FormProto()));
  return *form;
}

std::shared_ptr<const sync::Definition> NextForm() {
  static const auto* const form = [] {
    v1::Definition proto = FormProto();
    proto.set_version(2);
    // What was under review is not any more, and the other way round.
    for (v1::Field& field : *proto.mutable_fields()) {
      if (field.key() == "nama") field.set_policy(v1::POLICY_REVIEW);
      if (field.key() == "modal") field.set_policy(v1::POLICY_HIGHEST);
      if (field.key() == "uraian") field.set_policy(v1::POLICY_LATEST);
    }
    return new std::shared_ptr<const sync::Definition>(Parsed(proto));
  }();
  return *form;
}

}  // namespace tikar::fuzz
