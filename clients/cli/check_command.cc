// tikar check: is what the server keeps whole?
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/commands.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/progress.h"
#include "clients/cli/text_style.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

// Exit codes of tikard --check.
constexpr int kSound = 0;
constexpr int kDamaged = 3;

absl::Status Damaged(Session& session, std::string_view found) {
  const std::string indonesian = absl::StrCat("simpanan server rusak: ", sync::AbslView(found));
  return WithAdvice(
      WithIndonesian(
          absl::DataLossError(absl::StrCat("the store is damaged: ", sync::AbslView(found))),
          indonesian),
      session.Say("Salin dahulu direktori datanya, lalu ikuti \"When data is damaged\" di "
                  "docs/operations.md.",
                  "Copy the data directory before anything else, then follow \"When data is "
                  "damaged\" in docs/operations.md."));
}

// The one that was installed with this program; else whichever the shell would find.
std::string TikardPath() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path beside = self.parent_path() / "tikard";
  return !error && std::filesystem::exists(beside, error) ? beside.string() : "tikard";
}

// Runs tikard --check, whose words are the answer.
absl::Status CheckDirectory(Session& session, const std::string& directory) {
  if (session.json()) {
    return UsageError("--output json tidak ada untuk --data-dir; pakai kode keluar",
                      "there is no --output json with --data-dir; use the exit code");
  }
  session.out().flush();
  std::vector<std::string> arguments = {TikardPath(), "--check", "--data-dir", directory};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t process = 0;
  const int error = posix_spawnp(&process, argv[0], nullptr, nullptr, argv.data(), environ);
  if (error != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot run ", arguments[0], ": ", std::strerror(error),
                     "; install tikard beside tikar, or run tikard --check yourself"));
  }
  int status = 0;
  if (waitpid(process, &status, 0) != process || !WIFEXITED(status)) {
    return absl::InternalError(absl::StrCat(arguments[0], " was ended from outside; run it again"));
  }
  if (WEXITSTATUS(status) == kSound) return absl::OkStatus();
  if (WEXITSTATUS(status) == kDamaged)
    return Damaged(session, session.Say("lihat di atas", "see above"));
  return absl::FailedPreconditionError(
      "the directory was not checked, see above; of a server that runs, ask it without --data-dir");
}

Json FaultJson(const v1::StoreFault& fault) {
  return {{"where", fault.where()}, {"what", fault.what()}};
}

}  // namespace

absl::Status Check(Session& session, const CheckOptions& options) {
  if (!options.data_directory.empty()) return CheckDirectory(session, options.data_directory);
  Progress progress(session.err(), session.err_terminal(),
                    Progress::ModeFor(session.err_terminal(), session.json()),
                    std::string(session.Say("Memeriksa", "Checking")));
  uint64_t files = 0, rows = 0;
  std::vector<v1::StoreFault> faults;
  v1::CheckStoreRequest request;
  do {
    absl::StatusOr<v1::CheckStoreResponse> page = session.connection().Call(request);
    if (!page.ok()) {
      progress.Finish();
      return page.status();
    }
    files += page->files_checked();
    rows += page->rows_checked();
    for (const v1::StoreFault& fault : page->faults()) {
      faults.push_back(fault);
      progress.Note(OneLine(absl::StrCat(fault.where(), ": ", fault.what())));
    }
    // How many rows there are nobody knows; files are counted.
    const bool at_files = page->files_total() > 0;
    progress.Update(
        at_files ? static_cast<double>(files) / static_cast<double>(page->files_total()) : -1,
        absl::StrCat(files, sync::AbslView(session.Say(" berkas, ", " files, ")), rows,
                     sync::AbslView(session.Say(" baris", " rows"))),
        absl::Now());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  progress.Finish();

  if (session.json()) {
    Json list = Json::array();
    for (const v1::StoreFault& fault : faults) list.push_back(FaultJson(fault));
    session.out() << JsonText(
        {{"sound", faults.empty()}, {"files", files}, {"rows", rows}, {"faults", list}});
  } else {
    for (const v1::StoreFault& fault : faults) {
      session.out() << Styled(session.out_terminal(), Style::kBad,
                              session.Say("RUSAK ", "DAMAGED "))
                    << OneLine(fault.where()) << ": " << OneLine(fault.what()) << "\n";
    }
    if (faults.empty()) {
      session.out() << session.Say("Utuh: ", "Sound: ") << files
                    << session.Say(" berkas dan ", " files and ") << rows
                    << session.Say(" baris diperiksa.\n", " rows checked.\n");
    }
  }
  if (faults.empty()) return absl::OkStatus();
  return Damaged(session,
                 absl::StrCat(faults.size(), sync::AbslView(session.Say(" kerusakan", " faults"))));
}

void AddCheck(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* check = builder.AddCommand(
      app, "check",
      {"Periksa apakah yang disimpan server masih utuh",
       "Look whether what the server keeps is whole"},
      "  tikar check\n  tikar check --output json\n  tikar check --data-dir /var/lib/tikar\n",
      [&line](Session& session) { return Check(session, line.check); });
  check
      ->add_option("--data-dir", line.check.data_directory,
                   builder.Say("Direktori data sebuah server yang sedang mati, di mesin ini",
                               "Data directory of a server that is stopped, on this machine"))
      ->type_name("DIR");
}

}  // namespace tikar::cli
