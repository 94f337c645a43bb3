// Officers: what people do on their phones and in the office while everything around them breaks.
#ifndef TIKAR_TESTS_SIMULATION_OFFICERS_H_
#define TIKAR_TESTS_SIMULATION_OFFICERS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node.h"
#include "phone.h"
#include "stage.h"

namespace tikar::simulation {

// Not safe for threads.
class Officers {
 public:
  // All outlive it.
  Officers(Stage* stage, const std::vector<std::string>* regions,
           std::vector<std::unique_ptr<Node>>* nodes, std::vector<std::unique_ptr<Phone>>* phones);

  // Somebody does something: files a request, works on one, or calls the office.
  void Act();

  // "15.01.06": the kecamatan of a region that requests lie in.
  static std::string Kecamatan(const std::string& region, uint64_t number);
  static constexpr uint64_t kKecamatan = 3;

 private:
  struct Known {
    sync::RequestKey key;
    PhoneIndex author;
  };

  void File(Phone* phone);
  void Work(Phone* phone);
  std::vector<v1::Mutation> DrawMutations(Phone* phone, const sync::RequestKey& key);
  // By the policies' fields, the workflow, elements, and what the built-in paths know.
  v1::Mutation DrawWrite(const v1::Request& request);
  v1::Mutation DrawMove(const v1::Request& request);
  v1::Mutation DrawElement(const v1::Request& request);
  // nullopt: nothing is under review.
  std::optional<v1::Mutation> DrawSettle(const v1::Request& request);
  v1::Mutation DrawRebase();
  void CallOffice();
  void Call(NodeIndex node, const v1::ChangeBody& body, const std::string& key);
  const Known* DrawKnown(std::optional<PhoneIndex> author);
  std::string DrawArea(const std::string& region);
  std::string Words();

  Stage& stage_;
  const std::vector<std::string>& regions_;
  std::vector<std::unique_ptr<Node>>& nodes_;
  std::vector<std::unique_ptr<Phone>>& phones_;
  std::vector<Known> known_;
  uint64_t calls_ = 0;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_OFFICERS_H_
