#include "clients/cli/progress.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/display.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr absl::Duration kRedrawInterval = absl::Milliseconds(100);
constexpr absl::Duration kLineInterval = absl::Seconds(5);
constexpr int kBarColumns = 24;

std::string Bar(double done) {
  const int filled = static_cast<int>(done * kBarColumns + 0.5);
  std::string bar;
  for (int i = 0; i < kBarColumns; ++i) bar += i < filled ? "█" : "░";
  return bar;
}

}  // namespace

Progress::Mode Progress::ModeFor(const Terminal& terminal, bool quiet) {
  if (quiet) return Mode::kNone;
  return terminal.interactive ? Mode::kBar : Mode::kLines;
}

Progress::Progress(std::ostream& out, Terminal terminal, Mode mode, std::string title)
    : out_(out), terminal_(terminal), mode_(mode), title_(std::move(title)) {}

void Progress::Update(double done, std::string_view counts, absl::Time now) {
  if (mode_ == Mode::kNone) return;
  done_ = std::min(done, 1.0);
  counts_ = std::string(counts);
  // The first line of a log comes after an interval: a short run says only how it ended.
  if (next_ == absl::InfinitePast() && mode_ == Mode::kLines) next_ = now + kLineInterval;
  if (now < next_) return;
  next_ = now + (mode_ == Mode::kBar ? kRedrawInterval : kLineInterval);
  if (mode_ == Mode::kBar) {
    Draw();
    return;
  }
  out_ << title_;
  if (done_ >= 0) out_ << absl::StrFormat("  %3.0f%%", done_ * 100);
  out_ << "  " << counts_ << std::endl;
}

void Progress::Draw() {
  std::string line = title_;
  if (done_ >= 0)
    absl::StrAppend(&line, "  ", Bar(done_), absl::StrFormat(" %3.0f%%", done_ * 100));
  absl::StrAppend(&line, "  ", counts_);
  if (terminal_.width > 0) line = CutToWidth(line, terminal_.width - 1);
  out_ << "\r\x1b[K" << line << std::flush;
  drawn_ = true;
}

void Progress::Erase() {
  if (drawn_) out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

void Progress::Note(std::string_view line) {
  if (mode_ == Mode::kNone) return;
  const bool redraw = drawn_;
  Erase();
  out_ << line << std::endl;
  if (redraw) Draw();
}

void Progress::Finish() { Erase(); }

}  // namespace tikar::cli
