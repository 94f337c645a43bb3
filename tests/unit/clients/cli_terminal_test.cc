#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "clients/cli/terminal.h"

namespace tikar::cli {
namespace {

// A real terminal of 93 columns.
class PseudoTerminal {
 public:
  PseudoTerminal() {
    winsize size{};
    size.ws_col = 93;
    size.ws_row = 24;
    EXPECT_EQ(openpty(&master_, &slave_, nullptr, nullptr, &size), 0);
  }
  ~PseudoTerminal() {
    close(slave_);
    close(master_);
  }
  int descriptor() const { return slave_; }

 private:
  int master_ = -1;
  int slave_ = -1;
};

class TerminalTest : public ::testing::Test {
 protected:
  TerminalTest() {
    for (const char* name : {"COLUMNS", "NO_COLOR"}) unsetenv(name);
    setenv("TERM", "xterm", 1);
    file_ = open("/dev/null", O_WRONLY | O_CLOEXEC);
  }
  ~TerminalTest() override { close(file_); }

  PseudoTerminal terminal_;
  int file_ = -1;
};

TEST_F(TerminalTest, ATerminalHasItsWidthAndColours) {
  const Terminal terminal = DetectTerminal(terminal_.descriptor(), true);
  EXPECT_TRUE(terminal.interactive);
  EXPECT_EQ(terminal.width, 93u);
  EXPECT_TRUE(terminal.color);
}

TEST_F(TerminalTest, AFileTakesAnyWidthAndNoColours) {
  const Terminal file = DetectTerminal(file_, true);
  EXPECT_FALSE(file.interactive);
  EXPECT_EQ(file.width, 0u);
  EXPECT_FALSE(file.color);
}

TEST_F(TerminalTest, ColumnsSayHowWideItIs) {
  setenv("COLUMNS", "60", 1);
  EXPECT_EQ(DetectTerminal(terminal_.descriptor(), true).width, 60u);
  EXPECT_EQ(DetectTerminal(file_, true).width, 60u);
  EXPECT_FALSE(DetectTerminal(file_, true).color);
  for (const char* nonsense : {"", "0", "12", "wide", "-80", "99999"}) {
    setenv("COLUMNS", nonsense, 1);
    EXPECT_EQ(DetectTerminal(terminal_.descriptor(), true).width, 93u) << nonsense;
  }
}

TEST_F(TerminalTest, ColoursCanBeRefused) {
  EXPECT_FALSE(DetectTerminal(terminal_.descriptor(), false).color);
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(DetectTerminal(terminal_.descriptor(), true).color);
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(DetectTerminal(terminal_.descriptor(), true).color);
}

}  // namespace
}  // namespace tikar::cli
