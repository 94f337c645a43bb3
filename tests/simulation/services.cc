#include "services.h"

#include <google/protobuf/text_format.h>

#include "sync/status_macros.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::simulation {
namespace {

constexpr char kComplaint[] = R"pb(
  service: "pengaduan"
  version: 1
  publisher: "32.73"
  title { id: "Pengaduan" en: "Complaint" }
  merge_version: 1
  title_field: "judul"
  fields {
    key: "judul"
    type: FIELD_TYPE_TEXT
    policy: POLICY_LATEST
    required: true
    label { id: "Judul" en: "Title" }
  }
  fields {
    key: "deskripsi"
    type: FIELD_TYPE_LONG_TEXT
    policy: POLICY_TEXT
    label { id: "Deskripsi" en: "Description" }
  }
  fields {
    key: "prioritas"
    type: FIELD_TYPE_INTEGER
    policy: POLICY_HIGHEST
    label { id: "Prioritas" en: "Priority" }
  }
  fields {
    key: "tenggat"
    type: FIELD_TYPE_DATE
    policy: POLICY_LOWEST
    label { id: "Tenggat" en: "Deadline" }
  }
  fields {
    key: "bahan"
    type: FIELD_TYPE_CHOICES
    policy: POLICY_UNION
    label { id: "Bahan" en: "Material" }
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
    key: "biaya"
    type: FIELD_TYPE_MONEY
    policy: POLICY_REVIEW
    label { id: "Biaya" en: "Cost" }
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
      key: "dibayar"
      terminal: true
      label { id: "Dibayar" en: "Paid" }
    }
    edges {
      from: "diterima"
      to: "diperiksa"
      roles: "petugas"
      label { id: "Periksa" en: "Examine" }
    }
    edges {
      from: "diterima"
      to: "ditolak"
      roles: "petugas"
      label { id: "Tolak" en: "Reject" }
    }
    edges {
      from: "diperiksa"
      to: "disetujui"
      roles: "petugas"
      label { id: "Setujui" en: "Approve" }
    }
    edges {
      from: "diperiksa"
      to: "ditolak"
      roles: "petugas"
      label { id: "Tolak" en: "Reject" }
    }
    edges {
      from: "disetujui"
      to: "dibayar"
      roles: "kepala"
      irreversible: true
      label { id: "Bayar" en: "Pay" }
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
  settler_roles: "kepala"
  collections {
    key: "comments"
    length_max: 500
    elements_max: 500
    label { id: "Komentar" en: "Comments" }
  }
)pb";

std::shared_ptr<const sync::Definition> Version(uint32_t version) {
  v1::Definition proto;
  CHECK(google::protobuf::TextFormat::ParseFromString(kComplaint, &proto));
  proto.set_version(version);
  absl::StatusOr<std::shared_ptr<const sync::Definition>> definition =
      sync::Definition::Parse(proto.SerializeAsString());
  CHECK(definition.ok());
  return *std::move(definition);
}

}  // namespace

Services::Services() {
  // Parsing checks a definition from end to end: once for all runs of the process.
  static const std::vector<std::shared_ptr<const sync::Definition>> versions = {Version(1),
                                                                                Version(2)};
  all_ = versions;
}

std::shared_ptr<const sync::Definition> Services::Find(const sync::DefinitionHash& hash) const {
  for (const auto& definition : all_) {
    if (definition->hash() == hash) return definition;
  }
  return nullptr;
}

}  // namespace tikar::simulation
