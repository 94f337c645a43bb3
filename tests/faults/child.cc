#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "sync/status_macros.h"

namespace tikar::faults {

void Teller::Tell(const std::string& line) const {
  const std::string bytes = absl::StrReplaceAll(line, {{"\n", " "}}) + "\n";
  CHECK(write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
}

bool ChildEnd::well() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
bool ChildEnd::aborted() const { return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; }
std::string ChildEnd::text() const {
  const std::string end = WIFSIGNALED(status)
                              ? absl::StrCat("died of ", strsignal(WTERMSIG(status)))
                              : absl::StrCat("ended with ", WEXITSTATUS(status));
  return errors.empty() ? end : absl::StrCat(end, ": ", errors);
}

ChildEnd RunInChild(const std::function<void(const Teller&)>& work, unsigned seconds) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  FILE* const errors = tmpfile();
  CHECK(errors != nullptr);
  fflush(stdout);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    close(ends[0]);
    dup2(fileno(errors), STDERR_FILENO);
    alarm(seconds);
    work(Teller(ends[1]));
    fflush(stdout);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char bytes[4096];
  ssize_t count = 0;
  while ((count = read(ends[0], bytes, sizeof(bytes))) > 0 || (count < 0 && errno == EINTR)) {
    if (count > 0) text.append(bytes, static_cast<size_t>(count));
  }
  close(ends[0]);
  ChildEnd end;
  CHECK(waitpid(child, &end.status, 0) == child);
  end.told = absl::StrSplit(text, '\n', absl::SkipEmpty());
  constexpr long kShown = 1500;
  fseek(errors, 0, SEEK_END);
  fseek(errors, std::max(0L, ftell(errors) - kShown), SEEK_SET);
  const size_t shown = fread(bytes, 1, sizeof(bytes), errors);
  end.errors.assign(bytes, shown);
  fclose(errors);
  return end;
}

}  // namespace tikar::faults
