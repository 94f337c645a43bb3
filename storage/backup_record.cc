#include "storage/backup_record.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "storage/files.h"
#include "sync/canonical.h"
#include "sync/status_macros.h"

namespace tikar::storage {

namespace {

// Never to change its place: the first byte.
constexpr uint8_t kRecordVersion = 1;
// Of a file in the encoding, at least: two lengths and the digest.
constexpr size_t kFileBytesMin = 2 + sync::Hash::kSize;

}  // namespace

std::string EncodeBackupRecord(const BackupRecord& record) {
  sync::CanonicalWriter writer;
  writer.Byte(kRecordVersion);
  writer.Varint(record.number);
  writer.SignedVarint(record.began_ms);
  writer.SignedVarint(record.ended_ms);
  writer.Bytes(record.made_by);
  writer.Varint(record.store_format);
  writer.Varint(record.batches);
  writer.Varint(record.bytes);
  writer.Varint(record.bytes_new);
  writer.Bytes(record.contents);
  writer.Varint(record.files.size());
  for (const BackupFile& file : record.files) {
    writer.Bytes(file.path);
    writer.Varint(file.bytes);
    writer.Raw(file.digest.view());
  }
  writer.Raw(sync::Sha256(writer.view()).view());
  return writer.Take();
}

absl::StatusOr<BackupRecord> DecodeBackupRecord(std::string_view bytes) {
  const absl::Status damaged = absl::DataLossError("its checksum does not fit");
  if (bytes.size() <= sync::Hash::kSize) return damaged;
  const std::string_view body = bytes.substr(0, bytes.size() - sync::Hash::kSize);
  if (sync::Sha256(body).view() != bytes.substr(body.size())) return damaged;
  sync::CanonicalReader reader(body);
  const uint8_t version = reader.Byte();
  if (version > kRecordVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("it was made by a newer tikard (version ", version, " of the record, this ",
                     "one knows ", kRecordVersion, "): upgrade tikard"));
  }
  BackupRecord record;
  record.number = reader.Varint32();
  record.began_ms = reader.SignedVarint();
  record.ended_ms = reader.SignedVarint();
  record.made_by = std::string(reader.Bytes());
  record.store_format = reader.Varint();
  record.batches = reader.Varint();
  record.bytes = reader.Varint();
  record.bytes_new = reader.Varint();
  record.contents = std::string(reader.Bytes());
  record.files.resize(reader.Count(kFileBytesMin));
  for (BackupFile& file : record.files) {
    file.path = std::string(reader.Bytes());
    file.bytes = reader.Varint();
    const auto digest = sync::Hash::FromBytes(reader.Raw(sync::Hash::kSize));
    if (digest.has_value()) file.digest = *digest;
  }
  if (version != kRecordVersion || !reader.done()) return damaged;
  return record;
}

absl::StatusOr<sync::Hash> DigestOfFile(const std::string& path) {
  std::string digests;
  RETURN_IF_ERROR(ReadInPieces(path, [&digests](std::string_view piece) {
    digests.append(sync::Sha256(piece).view());
    return absl::OkStatus();
  }));
  return sync::Sha256(digests);
}

}  // namespace tikar::storage
