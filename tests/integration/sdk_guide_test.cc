// docs/sdk.md as a program: each of its pieces of code stands below, word for word, and runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "clients/cpp/bundle.h"
#include "clients/cpp/error_words.h"
#include "sdk_tikard.h"
#include "sync/ref.h"
#include "tikar/v1/bundle_service.grpc.pb.h"

namespace tikar::client {
namespace {

absl::Status RunGuide(const std::string& database_path, const std::string& server_address,
                      std::vector<std::string>& labels, std::vector<std::string>& messages,
                      std::string& number_for_the_citizen, std::string& banner) {
  FieldAppOptions options;
  options.database_path = database_path;
  options.actor = "kerinci/petugas-7";  // the device; the file belongs to it for ever
  options.role = "petugas";             // in which its officer acts
  options.scope = {"15.01.06"};         // kecamatan Gunung Kerinci
  absl::StatusOr<std::unique_ptr<FieldApp>> opened = FieldApp::Open(options);
  if (!opened.ok()) return opened.status();  // says what is wrong; the file stays as it is
  FieldApp& app = **opened;

  SyncRunner runner(&app, {.server = server_address});
  absl::Status synced = runner.SyncUntilDone(/*patience_ms=*/30'000);
  RETURN_IF_ERROR(synced);

  absl::StatusOr<std::shared_ptr<const sync::Definition>> form =
      app.OfferedForm("pengaduan", "15.01.06.2010");
  if (!form.ok()) {
    // Not offered there, or not here yet: says so, and what is offered.
    messages.push_back(WordsOf(form.status(), Culprit::kPhone).id());  // or .en()
    return form.status();
  }
  for (const v1::Field& field : (*form)->proto().fields()) {
    labels.push_back(field.label().id());  // or .en()
  }

  NewRequest report;
  report.service = "pengaduan";
  report.area = "15.01.06.2010";
  report.fields = {{"judul", Text("Jembatan putus")},
                   {"deskripsi", Text("Papan lapuk; anak sekolah memutar.")},
                   {"kategori", Text("jalan_jembatan")}};
  report.comments = {"Warga memasang papan sementara"};
  absl::StatusOr<EditOutcome> created = app.Create(report);
  if (!created.ok()) return created.status();  // nothing was queued: the disk is full, …
  if (!created->queued()) {
    // Nothing was queued either: show what is wrong, and what to do, beside each field.
    for (const sync::Violation& wrong : created->refusal.violations) {
      messages.push_back(wrong.field + ": " + wrong.message_id);
    }
  }
  number_for_the_citizen = sync::FormatRef(created->ref);  // "7ZK4Q-X9M2H-P", right away

  absl::StatusOr<EditOutcome> edited =
      app.Edit(created->request, {Move("diterima", "diverifikasi"), Comment("Sudah saya lihat")});
  if (!edited.ok() || !edited->queued()) return edited.status();
  absl::StatusOr<RequestOnPhone> shown = app.Get(created->request);
  if (!shown.ok()) return shown.status();
  // shown->request.status() is "diverifikasi"; shown->pending_paths is what no server has joined.
  EXPECT_EQ(shown->request.status(), "diverifikasi");
  EXPECT_THAT(shown->pending_paths, ::testing::Contains("status"));

  const std::optional<sync::DefinitionHash> pinned =
      sync::DefinitionHash::FromBytes(shown->request.definition_hash());
  form = app.FindDefinition(*pinned);
  if (!form.ok()) return form.status();
  EXPECT_EQ((*form)->proto().service(), "pengaduan");

  ListQuery query;
  query.filter.set_area("15.01.06");
  query.filter.set_text("jembatan");  // in any text, without regard to case
  absl::StatusOr<ListPage> page = app.List(query);
  RETURN_IF_ERROR(page.status());
  EXPECT_EQ(page->requests.size(), 1u);

  synced = runner.SyncUntilDone(30'000);
  RETURN_IF_ERROR(synced);

  absl::StatusOr<SyncStatus> status = app.Status();
  if (!status.ok()) return status.status();
  if (status->synced) {
    banner = "Tersinkron";
  } else {
    banner = std::to_string(status->unsent) + " belum terkirim, tertua " +
             std::to_string(status->oldest_unsent_age_ms.value_or(0) / 60'000) + " menit";
  }
  if (status->clock_warning) banner += "; jam ponsel salah, mohon disetel";

  absl::StatusOr<std::vector<AttentionItem>> items = app.NeedsAttention();
  if (!items.ok()) return items.status();
  for (const AttentionItem& item : *items) {
    for (const v1::Violation& wrong : item.violations) messages.push_back(wrong.message_id());
    // Edit() anew with what item.body says, corrected; then app.Dismiss(item.change_id).
    // Or, when the server was at fault: app.Retry(item.change_id).
  }
  return absl::OkStatus();
}

// `carry` is the boat: takes the file there, brings back what answers it.
absl::Status RunGuideWithoutANetwork(FieldApp& app, const std::string& line,
                                     const std::function<std::string(const std::string&)>& carry,
                                     std::vector<std::string>& messages) {
  // The line that `tikar bundle key` prints at the server, scanned or typed once.
  absl::StatusOr<BundleReceiver> kerinci = ParseBundleReceiver(line);
  if (!kerinci.ok()) return kerinci.status();
  absl::StatusOr<std::string> file = app.MakeBundle(*kerinci);
  if (!file.ok()) return file.status();  // NotFound: there is nothing to carry

  const std::string acknowledgement = carry(*file);
  absl::StatusOr<BundleAnswers> answers = app.TakeAcknowledgement(acknowledgement, *kerinci);
  if (!answers.ok()) return answers.status();
  messages.push_back(std::to_string(answers->stored) + " tersimpan");
  return absl::OkStatus();
}

TEST(SdkGuide, DoesWhatItSays) {
  TemporaryDirectory directory;
  Tikard tikard(directory);
  tikard.Start();
  std::vector<std::string> labels, messages;
  std::string number, banner;
  const absl::Status status =
      RunGuide(directory.File("phone.sqlite"), tikard.address(), labels, messages, number, banner);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_GT(labels.size(), 5u);
  EXPECT_TRUE(messages.empty()) << messages[0];
  EXPECT_TRUE(sync::ParseRef(number).has_value()) << number;
  EXPECT_EQ(banner, "Tersinkron");
}

TEST(SdkGuide, DoesWhatItSaysWithoutANetwork) {
  TemporaryDirectory directory;
  ChildProcess init(TIKARD_PATH,
                    {TIKARD_PATH, "init", "--data-dir", directory.File("data"), "--name", "kerinci",
                     "--regions", "15.01"},
                    directory.File("init.log"));
  ASSERT_EQ(WEXITSTATUS(init.Wait()), 0) << ReadFile(directory.File("init.log"));
  Tikard tikard(directory);
  tikard.Start();
  RealPhone ani(directory.File("ani.sqlite"), "kerinci/petugas-ani", 1);
  ani.Open();
  ani.Sync(tikard.address());
  ani.Create("Jembatan putus");
  const auto bundles = v1::BundleService::NewStub(MakeChannel(tikard.address()));
  v1::GetBundleKeyResponse key;
  grpc::ClientContext context;
  ASSERT_TRUE(bundles->GetBundleKey(&context, v1::GetBundleKeyRequest(), &key).ok());
  const auto carry = [&](const std::string& file) {
    v1::ImportBundleResponse response;
    grpc::ClientContext import_context;
    const auto stream = bundles->ImportBundle(&import_context, &response);
    v1::ImportBundleRequest request;
    request.set_chunk(file);
    stream->Write(request);
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
    return response.acknowledgement();
  };
  std::vector<std::string> messages;
  const absl::Status carried = RunGuideWithoutANetwork(*ani.app, key.named_key(), carry, messages);
  EXPECT_TRUE(carried.ok()) << carried;
  EXPECT_THAT(messages, ::testing::ElementsAre("1 tersimpan"));
  EXPECT_EQ(ani.Status().unsent, 0u);
}

// Officers and citizens check numbers by their last character: an example that fails the check
// would teach them to distrust it.
TEST(SdkGuide, NumbersThatItShowsAreRealOnes) {
  const std::string guide = ReadFile(TIKAR_SOURCE_DIR "/docs/sdk.md");
  const auto outside_a_number = [](char c) {
    return !absl::ascii_isdigit(static_cast<unsigned char>(c)) &&
           !absl::ascii_isupper(static_cast<unsigned char>(c)) && c != '-';
  };
  std::string words = guide;
  std::replace_if(words.begin(), words.end(), outside_a_number, ' ');
  int numbers = 0;
  for (const absl::string_view word : absl::StrSplit(words, ' ')) {
    // Of the form XXXXX-XXXXX-X.
    if (word.size() != 13 || word[5] != '-' || word[11] != '-') continue;
    EXPECT_TRUE(sync::ParseRef(sync::StdView(word)).has_value()) << word;
    ++numbers;
  }
  EXPECT_GE(numbers, 1);
}

// However the lines are broken: the two stand on pages of different width.
std::string WithoutSpace(std::string text) {
  std::erase_if(text, [](unsigned char character) { return std::isspace(character) != 0; });
  return text;
}

TEST(SdkGuide, EveryPieceOfItsCodeIsCompiledHere) {
  const std::string guide = ReadFile(TIKAR_SOURCE_DIR "/docs/sdk.md");
  const std::string source =
      WithoutSpace(ReadFile(TIKAR_SOURCE_DIR "/tests/integration/sdk_guide_test.cc"));
  const std::string fence = "```cpp\n";
  int pieces = 0;
  for (size_t begin = guide.find(fence); begin != std::string::npos;
       begin = guide.find(fence, begin)) {
    begin += fence.size();
    const std::string piece = guide.substr(begin, guide.find("```", begin) - begin);
    EXPECT_NE(source.find(WithoutSpace(piece)), std::string::npos) << piece;
    ++pieces;
  }
  EXPECT_GE(pieces, 8);
}

}  // namespace
}  // namespace tikar::client
