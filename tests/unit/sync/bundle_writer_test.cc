#include "sync/bundle_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bundle_sample.h"

namespace tikar::sync {
namespace {

using testing::HasSubstr;

TEST(BundleWriterTest, PartsAreNoLargerThanAskedForAndEachIsReadAlone) {
  BundleWriterOptions options = FromNias();
  options.part_bytes_max = kBundlePartBytesMin;
  const std::vector<v1::BundleRecord> written = Entries(90, 50'000);
  const auto files = MakeParts(std::move(options), written);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->size(), 5u);
  uint64_t next = 1;
  for (size_t i = 0; i < files->size(); ++i) {
    EXPECT_LE((*files)[i].size(), kBundlePartBytesMin);
    const BundleHead head = *ParseBundleHead((*files)[i]);
    EXPECT_EQ(head.header.part, i + 1);
    EXPECT_EQ(head.header.parts, files->size());
    EXPECT_EQ(head.header.id, ParseBundleHead(files->front())->header.id);
    const auto records = ReadPart((*files)[i], KeyOf('h'));
    ASSERT_TRUE(records.ok()) << records.status();
    EXPECT_EQ(records->front().manifest().regions(0), "12.04");
    for (const v1::BundleRecord& record : *records) {
      if (record.has_entry()) {
        EXPECT_EQ(record.SerializeAsString(), written[next - 1].SerializeAsString());
        ++next;
      }
    }
    ASSERT_EQ(records->back().end().ranges_size(), 1);
    EXPECT_EQ(records->back().end().ranges(0).end(), next - 1);
  }
  EXPECT_EQ(next, written.size() + 1);
}

TEST(BundleWriterTest, WhatPacksWellFillsAPart) {
  BundleWriterOptions options = FromNias();
  options.part_bytes_max = kBundlePartBytesMin;
  std::vector<v1::BundleRecord> written;
  const std::string body(50'000, 'x');
  for (uint64_t seq = 1; seq <= 400; ++seq) {
    written.push_back(EntryRecord("12.04", 77, seq, body));
  }
  // 20 MB in one part of 1 MiB.
  const auto files = MakeParts(std::move(options), written);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->size(), 1u);
}

TEST(BundleWriterTest, PartsOfOneBundleCannotBeTakenForEachOther) {
  BundleWriterOptions options = FromNias();
  options.part_bytes_max = kBundlePartBytesMin;
  const auto files = MakeParts(std::move(options), Entries(40, 50'000));
  ASSERT_TRUE(files.ok());
  ASSERT_GE(files->size(), 2u);
  const BundleHead first = *ParseBundleHead((*files)[0]), second = *ParseBundleHead((*files)[1]);
  // Nias itself would have to sign that; even then it is bound to where it belongs.
  BundleHeader header = second.header;
  header.part = 1;
  const std::string moved = FormatBundleHead(header, KeyOf('n')) + (*files)[1].substr(second.bytes);
  EXPECT_EQ(ReadPart(moved, KeyOf('h')).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(first.header.part, 1u);
}

TEST(BundleWriterTest, WhatCannotBeMadeIsRefused) {
  BundleWriterOptions small = FromNias();
  small.part_bytes_max = kBundlePartBytesMin - 1;
  EXPECT_THAT(std::string(BundleWriter::Make(std::move(small)).status().message()),
              HasSubstr("1 MiB"));
  BundleWriterOptions no_key = FromNias();
  no_key.receiver_key = PublicKey();
  EXPECT_EQ(BundleWriter::Make(std::move(no_key)).status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto writer = BundleWriter::Make(FromNias());
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ((*writer)->Add(DefinitionRecord(std::string(kBundleRecordBytesMax, 'x'))).code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE((*writer)->Add(EntryRecord("12.04", 77, 5, "a")).ok());
  EXPECT_EQ((*writer)->Add(EntryRecord("12.04", 77, 7, "b")).code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE((*writer)->Add(EntryRecord("12.04", 77, 6, "b")).ok());
  EXPECT_TRUE((*writer)->Finish().ok());
}

TEST(BundleWriterTest, APhonesBundleIsOneSmallFile) {
  v1::BundleRecord change;
  change.mutable_change()->set_body("jalan rusak");
  const auto file = MakeSmallBundle(FromNias(BundleKind::kPhone), {change});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_LT(file->size(), 600u);
  const auto records = ReadPart(*file, KeyOf('h'));
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ((*records)[1].change().body(), "jalan rusak");
}

}  // namespace
}  // namespace tikar::sync
