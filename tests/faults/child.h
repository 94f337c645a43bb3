// Runs a function in a process of its own, which may die of what it does.
#ifndef TIKAR_TESTS_FAULTS_CHILD_H_
#define TIKAR_TESTS_FAULTS_CHILD_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace tikar::faults {

// Tells the parent, line by line; what was told is told, however the child ends. Thread safety: any
// thread.
class Teller {
 public:
  explicit Teller(int descriptor) : descriptor_(descriptor) {}
  void Tell(const std::string& line) const;

 private:
  const int descriptor_;
};

struct ChildEnd {
  int status = 0;  // as waitpid says
  std::vector<std::string> told;
  std::string errors;  // what it wrote to stderr, the last of it

  bool well() const;
  bool aborted() const;
  std::string text() const;  // how it ended, for people
};

// The parent must have one thread. A child that takes longer than `seconds` is killed.
ChildEnd RunInChild(const std::function<void(const Teller&)>& work, unsigned seconds);

}  // namespace tikar::faults

#endif  // TIKAR_TESTS_FAULTS_CHILD_H_
