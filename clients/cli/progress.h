// How far a long run is: a bar on a terminal, a line now and then in a log, nothing where a program
// reads along.
#ifndef TIKAR_CLIENTS_CLI_PROGRESS_H_
#define TIKAR_CLIENTS_CLI_PROGRESS_H_

#include <ostream>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "clients/cli/terminal.h"

namespace tikar::cli {

// Not thread-safe. Time comes in with each call.
class Progress {
 public:
  enum class Mode { kNone, kLines, kBar };

  // A bar if the terminal is one, else lines.
  static Mode ModeFor(const Terminal& terminal, bool quiet);

  Progress(std::ostream& out, Terminal terminal, Mode mode, std::string title);

  // `done` from 0 to 1; negative where the end is not known. Draws at most ten times a second,
  // writes a line at most every five.
  void Update(double done, std::string_view counts, absl::Time now);

  // A line of its own, above the bar. Nothing in mode kNone.
  void Note(std::string_view line);

  // Removes the bar. The last word is the caller's.
  void Finish();

 private:
  void Draw();
  void Erase();

  std::ostream& out_;
  const Terminal terminal_;
  const Mode mode_;
  const std::string title_;
  double done_ = 0;
  std::string counts_;
  bool drawn_ = false;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_PROGRESS_H_
