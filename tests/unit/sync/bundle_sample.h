// What the tests of bundles share: nodes with keys, entries, and reading a file whole.
#ifndef TIKAR_TESTS_UNIT_SYNC_BUNDLE_SAMPLE_H_
#define TIKAR_TESTS_UNIT_SYNC_BUNDLE_SAMPLE_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/bundle.h"
#include "sync/bundle_writer.h"
#include "sync/status_macros.h"

namespace tikar::sync {

inline SigningKey KeyOf(char name) { return *SigningKey::FromSeed(std::string(32, name)); }

// The same bytes for the same seed.
inline std::function<std::string(size_t)> RandomOf(uint64_t seed) {
  return [random = std::mt19937_64(seed)](size_t size) mutable {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  };
}

// Nias makes a bundle for the hub.
inline BundleWriterOptions FromNias(BundleKind kind = BundleKind::kNode) {
  BundleWriterOptions options{.kind = kind,
                              .sender = kind == BundleKind::kPhone ? "hp-siti" : "nias",
                              .sender_key = KeyOf('n'),
                              .receiver = "hub",
                              .receiver_key = KeyOf('h').public_key(),
                              .manifest = {},
                              .random = RandomOf(7)};
  options.manifest.set_made_at_ms(1'760'000'000'000);
  options.manifest.add_regions("12.04");
  return options;
}

inline v1::BundleRecord EntryRecord(std::string_view region, uint64_t origin, uint64_t seq,
                                    std::string body) {
  v1::BundleRecord record;
  v1::Entry& entry = *record.mutable_entry();
  entry.set_region(std::string(region));
  entry.set_origin(origin);
  entry.set_seq(seq);
  entry.set_body(std::move(body));
  return record;
}

// Entries 1 to `count` of one log, with bodies of that many bytes that nothing packs.
inline std::vector<v1::BundleRecord> Entries(uint64_t count, size_t body_bytes) {
  auto random = RandomOf(count);
  std::vector<v1::BundleRecord> records;
  for (uint64_t seq = 1; seq <= count; ++seq) {
    records.push_back(EntryRecord("12.04", 77, seq, random(body_bytes)));
  }
  return records;
}

inline v1::BundleRecord DefinitionRecord(std::string body) {
  v1::BundleRecord record;
  record.mutable_definition()->set_body(std::move(body));
  return record;
}

inline absl::StatusOr<std::vector<std::string>> MakeParts(
    BundleWriterOptions options, const std::vector<v1::BundleRecord>& records) {
  ASSIGN_OR_RETURN(const auto writer, BundleWriter::Make(std::move(options)));
  std::vector<std::string> payloads;
  const auto take = [&] {
    for (const BundlePiece& piece : writer->Take()) {
      if (payloads.size() < piece.part) payloads.resize(piece.part);
      payloads[piece.part - 1] += piece.bytes;
    }
  };
  for (const v1::BundleRecord& record : records) {
    RETURN_IF_ERROR(writer->Add(record));
    take();
  }
  RETURN_IF_ERROR(writer->Finish());
  take();
  std::vector<std::string> files;
  for (uint32_t part = 1; part <= writer->parts(); ++part) {
    files.push_back(writer->Head(part) + payloads[part - 1]);
  }
  return files;
}

// Both passes, with pieces of that many bytes, all records and the manifest among them.
inline absl::StatusOr<std::vector<v1::BundleRecord>> ReadPart(std::string_view file,
                                                              const SigningKey& key,
                                                              size_t piece_bytes = 10'007) {
  ASSIGN_OR_RETURN(const BundleHead head, ParseBundleHead(file));
  const auto in_pieces = [&](const std::function<absl::Status(std::string_view)>& take) {
    for (std::string_view rest = file.substr(head.bytes); !rest.empty();) {
      RETURN_IF_ERROR(take(rest.substr(0, piece_bytes)));
      rest.remove_prefix(std::min(rest.size(), piece_bytes));
    }
    return absl::OkStatus();
  };
  BundleCheck check(head);
  RETURN_IF_ERROR(in_pieces([&](std::string_view piece) { return check.Add(piece); }));
  RETURN_IF_ERROR(check.Finish());
  ASSIGN_OR_RETURN(const auto opener, BundleOpener::Make(head.header, key.AgreementSecret()));
  std::vector<v1::BundleRecord> records;
  RETURN_IF_ERROR(in_pieces([&](std::string_view piece) -> absl::Status {
    opener->Feed(piece);
    while (true) {
      ASSIGN_OR_RETURN(std::optional<v1::BundleRecord> record, opener->Next());
      if (!record) return absl::OkStatus();
      records.push_back(*std::move(record));
    }
  }));
  if (!opener->done()) return absl::InternalError("it is not done and asks for more");
  return records;
}

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_BUNDLE_SAMPLE_H_
