// A phone for the SDK's tests: a database in a directory of its own, a clock that is set by hand,
// randomness from a seed, and the complaint form of the catalogue.
#ifndef TIKAR_TESTS_UNIT_CLIENTS_SDK_PHONE_H_
#define TIKAR_TESTS_UNIT_CLIENTS_SDK_PHONE_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/field_app.h"
#include "sync/definition.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::client {

// 2026-03-02 08:00 in Kerinci.
inline constexpr int64_t kMondayMorningMs = 1'772'413'200'000;

class HandClock : public Clock {
 public:
  int64_t NowMs() override { return now_ms; }
  int64_t now_ms = kMondayMorningMs;
};

class SeededRandom : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : generator_(seed) {}
  void Fill(uint8_t* bytes, size_t size) override {
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(generator_());
  }

 private:
  std::mt19937_64 generator_;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tikar-sdk-XXXXXX").string();
    CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline v1::Definition CatalogForm(const std::string& service) {
  v1::Definition definition;
  const std::string path = TIKAR_SOURCE_DIR "/catalog/services/" + service + ".textproto";
  CHECK(google::protobuf::TextFormat::ParseFromString(ReadFile(path), &definition));
  return definition;
}

inline v1::DefinitionBytes BytesOf(const v1::Definition& definition) {
  v1::DefinitionBytes bytes;
  bytes.set_body(definition.SerializeAsString());
  return bytes;
}

inline v1::DefinitionBytes CatalogDefinition(const std::string& service) {
  return BytesOf(CatalogForm(service));
}

inline v1::Offer OfferOf(const std::string& region, const v1::DefinitionBytes& definition) {
  v1::Definition proto;
  CHECK(proto.ParseFromString(definition.body()));
  v1::Offer offer;
  offer.set_region(region);
  offer.set_service(proto.service());
  offer.set_definition_hash(sync::Sha256(definition.body()).bytes());
  return offer;
}

// An officer's phone in Gunung Kerinci.
class Phone {
 public:
  explicit Phone(std::string path, std::string actor = "kerinci/petugas-1", uint64_t seed = 1)
      : random(seed) {
    options.database_path = std::move(path);
    options.actor = std::move(actor);
    options.role = "petugas";
    options.scope = {"15.01.06"};
    options.clock = &clock;
    options.random = &random;
  }

  void Open() {
    absl::StatusOr<std::unique_ptr<FieldApp>> opened = FieldApp::Open(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    app = *std::move(opened);
    std::vector<v1::Offer> offers;
    for (const std::string& service : services) {
      const v1::DefinitionBytes form = CatalogDefinition(service);
      ASSERT_TRUE(app->AddDefinition(form).ok());
      offers.push_back(OfferOf("", form));
    }
    ASSERT_TRUE(app->BringOffers(offers).ok());
  }
  // As after a restart of the app: all that is not in the file is gone.
  void Reopen() {
    app.reset();
    Open();
  }

  NewRequest Report(const std::string& title) const {
    NewRequest report;
    report.service = "pengaduan";
    report.area = "15.01.06.2010";
    report.fields = {{"judul", Text(title)},
                     {"deskripsi", Text("Papan jembatan lapuk, anak sekolah memutar.")},
                     {"kategori", Text("jalan_jembatan")}};
    return report;
  }

  // Queues a report that is in order.
  EditOutcome Create(const std::string& title) {
    absl::StatusOr<EditOutcome> outcome = app->Create(Report(title));
    CHECK(outcome.ok() && outcome->queued());
    return *std::move(outcome);
  }
  // Queues an edit that is in order.
  EditOutcome Edit(const sync::RequestKey& key, std::vector<v1::Mutation> mutations) {
    absl::StatusOr<EditOutcome> outcome = app->Edit(key, std::move(mutations));
    CHECK(outcome.ok() && outcome->queued());
    return *std::move(outcome);
  }
  RequestOnPhone Get(const sync::RequestKey& key) {
    absl::StatusOr<RequestOnPhone> request = app->Get(key);
    CHECK(request.ok());
    return *std::move(request);
  }
  SyncStatus Status() {
    absl::StatusOr<SyncStatus> status = app->Status();
    CHECK(status.ok());
    return *std::move(status);
  }

  HandClock clock;
  SeededRandom random;
  FieldAppOptions options;
  // Whose forms the app brings along, offered in every region.
  std::vector<std::string> services = {"pengaduan"};
  std::unique_ptr<FieldApp> app;
};

inline std::string TextAt(const v1::Request& request, const std::string& path) {
  for (const v1::FieldState& field : request.fields()) {
    if (field.path() == path) return field.value().text();
  }
  return "";
}

}  // namespace tikar::client

#endif  // TIKAR_TESTS_UNIT_CLIENTS_SDK_PHONE_H_
