#include <zstd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "seeds.h"
#include "sync/bundle.h"
#include "sync/bundle_writer.h"
#include "sync/canonical.h"
#include "sync/status_macros.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

sync::SigningKey KeyNamed(char name) {
  return *sync::SigningKey::FromSeed(std::string(sync::kSigningSeedBytes, name));
}

v1::BundleManifest Manifest() {
  v1::BundleManifest manifest;
  manifest.set_made_at_ms(kNowMs);
  manifest.add_regions(std::string(kRegion));
  manifest.set_version("tikard 0.1");
  return manifest;
}

std::vector<v1::BundleRecord> EntryRecords() {
  std::vector<v1::BundleRecord> records(2);
  records[0].mutable_definition()->set_body("form");
  v1::MirroredOffer& offer = *records[1].mutable_offer();
  offer.set_region(std::string(kRegion));
  offer.set_service("pengaduan");
  for (uint64_t seq = 1; seq <= 3; ++seq) {
    v1::Entry& entry = *records.emplace_back().mutable_entry();
    entry.set_region(std::string(kRegion));
    entry.set_origin(77);
    entry.set_seq(seq);
    entry.set_body("perubahan");
  }
  return records;
}

std::vector<v1::BundleRecord> Answers() {
  std::vector<v1::BundleRecord> records(2);
  records[0].mutable_held()->set_region(std::string(kRegion));
  records[1].mutable_result()->set_verdict(v1::VERDICT_ACCEPTED);
  return records;
}

void AddFile(Seeds* seeds, const std::string& name, sync::BundleKind kind,
             const std::vector<v1::BundleRecord>& records) {
  const auto file =
      sync::MakeSmallBundle({.kind = kind,
                             .sender = kind == sync::BundleKind::kPhone ? "hp-siti" : "nias",
                             .sender_key = KeyNamed('n'),
                             .receiver = "hub",
                             .receiver_key = KeyNamed('h').public_key(),
                             .manifest = Manifest(),
                             .random = [](size_t size) { return std::string(size, 'r'); }},
                            records);
  CHECK(file.ok());
  seeds->Add("bundles", "good_file_" + name, "f" + *file);
}

}  // namespace

void MakeBundleSeeds(Seeds* seeds) {
  AddFile(seeds, "node", sync::BundleKind::kNode, EntryRecords());
  v1::BundleRecord change;
  change.mutable_change()->set_body("perubahan");
  AddFile(seeds, "phone", sync::BundleKind::kPhone, {change});
  AddFile(seeds, "acknowledgement", sync::BundleKind::kAcknowledgement, Answers());

  // The inner layers of the first of them.
  sync::BundleOrder order(sync::BundleKind::kNode);
  sync::CanonicalWriter writer;
  const auto add = [&](const v1::BundleRecord& record) {
    CHECK(order.Add(record).ok());
    writer.Bytes(record.SerializeAsString());
  };
  v1::BundleRecord first, last;
  *first.mutable_manifest() = Manifest();
  add(first);
  for (const v1::BundleRecord& record : EntryRecords()) add(record);
  *last.mutable_end() = order.End();
  add(last);
  const std::string records = writer.Take();
  seeds->Add("bundles", "good_records", "p" + records);
  std::string packed(ZSTD_compressBound(records.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), records.data(), records.size(), 1));
  seeds->Add("bundles", "good_packed", "z" + packed);
}

}  // namespace tikar::fuzz
