// Every service of the catalogue from start to an end state, through a real tikard: its form, its
// steps, what it refuses, and a conflict that its policy decides as the definition says. The walks
// are data (services_walk.h); each is taken twice, so that both sides of its dispute come last.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "server_fixture.h"
#include "services_walk.h"

namespace tikar::server {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::vector<Walk> AllWalks() {
  std::vector<Walk> walks = WalksOfPeople();
  for (auto* more : {WalksOfMoney, WalksOfOffices}) {
    for (Walk& walk : more()) walks.push_back(std::move(walk));
  }
  return walks;
}

std::string Show(const v1::Value& value) { return value.ShortDebugString(); }

const v1::FieldState* FindField(const v1::Request& request, const std::string& path) {
  for (const v1::FieldState& field : request.fields()) {
    if (field.path() == path) return &field;
  }
  return nullptr;
}

// What a side of a dispute wrote to its path.
v1::Value WrittenTo(const std::string& path, const Mutations& mutations) {
  for (const v1::Mutation& mutation : mutations) {
    if (mutation.has_set_field() && mutation.set_field().path() == path) {
      return mutation.set_field().value();
    }
    if (mutation.has_transition() && path == "status") {
      return client::Text(mutation.transition().to());
    }
  }
  ADD_FAILURE() << "this side writes no " << path;
  return {};
}

// One tikard for all walks: requests do not touch one another.
class ServiceWalkTest : public ::testing::Test {
 protected:
  struct Node {
    TempDirectory directory;
    Tikard tikard{{"--listen", "127.0.0.1:0", "--data-dir", directory / "data", "--catalog",
                   kCatalogDirectory}};
  };
  static void SetUpTestSuite() { node_ = std::make_unique<Node>(); }
  static void TearDownTestSuite() { node_.reset(); }

  void SetUp() override {
    ASSERT_FALSE(node_->tikard.address().empty()) << node_->tikard.text();
    const std::shared_ptr<grpc::Channel> channel = Connect(node_->tikard.address());
    requests_ = v1::RequestService::NewStub(channel);
    conflicts_ = v1::ConflictService::NewStub(channel);
    catalog_ = v1::CatalogService::NewStub(channel);
  }

  v1::Definition DefinitionOf(const std::string& service) {
    v1::GetDefinitionRequest call;
    call.set_service(service);
    call.set_region("15.01");
    v1::GetDefinitionResponse response;
    const grpc::Status status =
        Call(*catalog_, &v1::CatalogService::Stub::GetDefinition, call, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.definition();
  }

  static std::string NextUuid() {
    static int number = 0;
    return Uuid(++number);
  }

  static std::unique_ptr<Node> node_;
  std::unique_ptr<v1::RequestService::Stub> requests_;
  std::unique_ptr<v1::ConflictService::Stub> conflicts_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
};
std::unique_ptr<ServiceWalkTest::Node> ServiceWalkTest::node_;

enum class Last { kOne, kOther };

class Walked : public ServiceWalkTest,
               public ::testing::WithParamInterface<std::tuple<Walk, Last>> {
 protected:
  const Walk& walk() const { return std::get<0>(GetParam()); }

  v1::CreateRequestRequest Filing() const {
    v1::CreateRequestRequest call;
    call.set_parent(kKerinci);
    call.set_service(walk().service);
    call.set_area("15.01.06.2010");
    for (const auto& [path, value] : walk().form) {
      v1::FieldValue& field = *call.add_fields();
      field.set_path(path);
      *field.mutable_value() = value;
    }
    call.set_actor(walk().filed_by + "/dewi");
    call.set_role(walk().filed_by);
    call.set_request_id(NextUuid());
    return call;
  }

  grpc::Status TryToFile(const v1::CreateRequestRequest& call) {
    v1::CreateRequestResponse response;
    const grpc::Status status =
        Call(*requests_, &v1::RequestService::Stub::CreateRequest, call, &response);
    now_ = response.request();
    return status;
  }

  grpc::Status TryToWrite(const v1::Request& seen, const std::string& role,
                          const Mutations& mutations, v1::UpdateRequestResponse* response) {
    v1::UpdateRequestRequest call;
    call.set_name(seen.name());
    call.set_etag(seen.etag());
    call.mutable_mutations()->Add(mutations.begin(), mutations.end());
    call.set_actor(role + "/sari");
    call.set_role(role);
    call.set_request_id(NextUuid());
    return Call(*requests_, &v1::RequestService::Stub::UpdateRequest, call, response);
  }

  // The id of the change.
  std::string Write(const v1::Request& seen, const std::string& role, const Mutations& mutations) {
    v1::UpdateRequestResponse response;
    const grpc::Status status = TryToWrite(seen, role, mutations, &response);
    EXPECT_TRUE(status.ok()) << role << ": " << status.error_message();
    EXPECT_EQ(response.verdict(), v1::VERDICT_ACCEPTED);
    now_ = response.request();
    return response.change_id();
  }

  v1::Request Read() {
    v1::GetRequestRequest call;
    call.set_name(now_.name());
    v1::GetRequestResponse response;
    EXPECT_TRUE(Call(*requests_, &v1::RequestService::Stub::GetRequest, call, &response).ok());
    return response.request();
  }

  // What became of the write of each change to the path.
  std::map<std::string, v1::WriteOutcome> OutcomesOf(const std::string& path) {
    v1::GetRequestHistoryRequest call;
    call.set_name(now_.name());
    v1::GetRequestHistoryResponse history;
    EXPECT_TRUE(
        Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, call, &history).ok());
    std::map<std::string, v1::WriteOutcome> outcomes;
    for (const v1::HistoryItem& item : history.items()) {
      for (const v1::WriteOutcome& write : item.writes()) {
        if (write.path() == path) outcomes[item.change_id()] = write;
      }
    }
    return outcomes;
  }

  static void ExpectRefused(const grpc::Status& status, const std::string& path,
                            const std::string& reason) {
    EXPECT_THAT(status.error_code(),
                AnyOf(grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::PERMISSION_DENIED,
                      grpc::StatusCode::FAILED_PRECONDITION));
    Details details = DetailsOf(status);
    EXPECT_THAT(details.violations, Contains(Pair(path, reason)));
    EXPECT_THAT(details.messages, SizeIs(2));
    EXPECT_NE(details.messages["id"], details.messages["en"]);
  }

  void Take(const Step& step) {
    SCOPED_TRACE("step to " + step.to);
    Mutations mutations = step.writes;
    mutations.push_back(client::Move(now_.status(), step.to, step.reason));
    Write(now_, step.role, mutations);
    EXPECT_EQ(now_.status(), step.to);
    EXPECT_THAT(now_.heads(), SizeIs(1)) << "who saw everything leaves one head";
  }

  void Take(const Refused& refused) {
    SCOPED_TRACE(refused.role + " must not: " + refused.path + " " + refused.reason);
    const v1::Request before = Read();
    v1::UpdateRequestResponse response;
    ExpectRefused(TryToWrite(before, refused.role, refused.mutations, &response), refused.path,
                  refused.reason);
    const v1::Request after = Read();
    EXPECT_EQ(after.state_digest(), before.state_digest());
    EXPECT_EQ(after.etag(), before.etag());
  }

  void Take(const Dispute& dispute) {
    SCOPED_TRACE("dispute over " + dispute.path);
    const bool one_is_last = std::get<1>(GetParam()) == Last::kOne;
    const Dispute::Side& first = one_is_last ? dispute.other : dispute.one;
    const Dispute::Side& last = one_is_last ? dispute.one : dispute.other;
    const v1::Request seen = now_;
    const std::string first_id = Write(seen, first.role, first.mutations);
    const std::string last_id = Write(seen, last.role, last.mutations);
    const v1::Value first_value = WrittenTo(dispute.path, first.mutations);
    const v1::Value last_value = WrittenTo(dispute.path, last.mutations);
    ASSERT_NE(Show(first_value), Show(last_value)) << "no conflict";

    EXPECT_THAT(now_.heads(), UnorderedElementsAre(first_id, last_id));
    const v1::FieldState* field = FindField(now_, dispute.path);
    ASSERT_NE(field, nullptr);
    const v1::Value decided = dispute.decided.value_or(last_value);
    EXPECT_EQ(v1::Rule_Name(field->rule()), v1::Rule_Name(dispute.rule));
    EXPECT_EQ(Show(field->value()), Show(decided));
    const bool review = dispute.rule == v1::RULE_REVIEW;
    EXPECT_EQ(field->under_review(), review);
    EXPECT_EQ(now_.reviews_size(), review ? 1 : 0);
    // Nothing is lost: both candidates stand there, and the history says what became of each.
    std::map<std::string, std::string> candidates;
    for (const v1::Candidate& candidate : field->candidates()) {
      candidates[candidate.change_id()] = Show(candidate.value());
    }
    EXPECT_THAT(candidates, UnorderedElementsAre(Pair(first_id, Show(first_value)),
                                                 Pair(last_id, Show(last_value))));
    const std::map<std::string, v1::WriteOutcome> outcomes = OutcomesOf(dispute.path);
    for (const auto& [id, value] : candidates) {
      SCOPED_TRACE(value);
      ASSERT_THAT(outcomes, Contains(Pair(id, ::testing::_)));
      const v1::WriteOutcome& outcome = outcomes.at(id);
      EXPECT_EQ(Show(outcome.value()), value);
      const bool together = dispute.rule == v1::RULE_UNION || dispute.rule == v1::RULE_TEXT;
      if (review || together) {
        EXPECT_EQ(v1::Rule_Name(outcome.rule()), v1::Rule_Name(dispute.rule));
      } else if (value == Show(decided)) {
        EXPECT_EQ(v1::Rule_Name(outcome.rule()), v1::Rule_Name(v1::RULE_ONLY));
      } else {
        EXPECT_EQ(v1::Rule_Name(outcome.rule()), v1::Rule_Name(dispute.rule));
        EXPECT_EQ(outcome.by_change_id(), id == first_id ? last_id : first_id);
      }
    }
  }

  void Take(const Settlement& settlement) {
    SCOPED_TRACE("settlement of " + settlement.path);
    const std::string name = now_.name() + "/conflicts/" + settlement.path;
    v1::GetConflictRequest get;
    get.set_name(name);
    v1::GetConflictResponse open;
    grpc::Status status = Call(*conflicts_, &v1::ConflictService::Stub::GetConflict, get, &open);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_THAT(open.conflict().settler_roles(), Contains(settlement.role));
    EXPECT_THAT(open.conflict().settler_roles(), ::testing::Not(Contains(settlement.may_not)));
    std::map<std::string, std::string> candidates;
    for (const v1::Candidate& candidate : open.conflict().field().candidates()) {
      candidates[candidate.change_id()] = Show(candidate.value());
    }
    ASSERT_THAT(candidates, SizeIs(2));

    v1::SettleConflictRequest settle;
    settle.set_name(name);
    settle.set_etag(open.conflict().etag());
    *settle.mutable_value() = settlement.value;
    settle.set_reason("sudah ditanyakan ke lapangan");
    settle.set_actor("admin/budi");
    settle.set_role(settlement.may_not);
    settle.set_request_id(NextUuid());
    v1::SettleConflictResponse settled;
    status = Call(*conflicts_, &v1::ConflictService::Stub::SettleConflict, settle, &settled);
    ExpectRefused(status, settlement.path, "ROLE_MAY_NOT_SETTLE");
    settle.set_role(settlement.role);
    settle.set_request_id(NextUuid());
    status = Call(*conflicts_, &v1::ConflictService::Stub::SettleConflict, settle, &settled);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_FALSE(settled.still_under_review());
    now_ = settled.request();
    EXPECT_THAT(now_.reviews(), IsEmpty());
    const v1::FieldState* field = FindField(now_, settlement.path);
    ASSERT_NE(field, nullptr);
    EXPECT_EQ(Show(field->value()), Show(settlement.value));
    const std::map<std::string, v1::WriteOutcome> outcomes = OutcomesOf(settlement.path);
    for (const auto& [id, value] : candidates) {
      const v1::WriteOutcome& outcome = outcomes.at(id);
      EXPECT_EQ(outcome.by_change_id(), settled.change_id());
      EXPECT_EQ(
          v1::Rule_Name(outcome.rule()),
          v1::Rule_Name(value == Show(settlement.value) ? v1::RULE_SUPERSEDED : v1::RULE_SETTLED));
    }
  }

  v1::Request now_;
};

TEST_P(Walked, FromItsFirstStateToAnEnd) {
  const v1::Definition definition = DefinitionOf(walk().service);
  std::map<std::string, bool> terminal;
  for (const v1::State& state : definition.workflow().states()) {
    terminal[state.key()] = state.terminal();
  }

  for (const SpoiltForm& spoilt : walk().spoilt) {
    SCOPED_TRACE("a form with a wrong " + spoilt.path);
    v1::CreateRequestRequest call = Filing();
    const auto kept =
        std::remove_if(call.mutable_fields()->begin(), call.mutable_fields()->end(),
                       [&](const v1::FieldValue& field) { return field.path() == spoilt.path; });
    call.mutable_fields()->erase(kept, call.mutable_fields()->end());
    if (spoilt.value) {
      v1::FieldValue& field = *call.add_fields();
      field.set_path(spoilt.path);
      *field.mutable_value() = *spoilt.value;
    }
    ExpectRefused(TryToFile(call), spoilt.path, spoilt.reason);
  }
  for (const v1::Role& role : definition.roles()) {
    if (role.creates()) continue;
    v1::CreateRequestRequest call = Filing();
    call.set_role(role.key());
    ExpectRefused(TryToFile(call), "", "ROLE_MAY_NOT_CREATE");
  }

  const grpc::Status filed = TryToFile(Filing());
  ASSERT_TRUE(filed.ok()) << filed.error_message();
  EXPECT_EQ(now_.status(), definition.workflow().states(0).key());
  for (const auto& [path, value] : walk().form) {
    const v1::FieldState* field = FindField(now_, path);
    ASSERT_NE(field, nullptr) << path;
    EXPECT_EQ(Show(field->value()), Show(value));
  }

  std::set<std::string> entered = {now_.status()};
  for (const Stage& stage : walk().stages) {
    EXPECT_FALSE(terminal[now_.status()] && now_.reviews().empty()) << "an end in the middle";
    std::visit([this](const auto& taken) { Take(taken); }, stage);
    if (HasFatalFailure()) return;
    entered.insert(now_.status());
  }

  now_ = Read();
  EXPECT_TRUE(terminal[now_.status()]) << now_.status();
  EXPECT_THAT(now_.reviews(), IsEmpty());
  std::set<std::string> told;
  for (const v1::StateEntry& entry : now_.entered()) {
    told.insert(entry.state());
    EXPECT_GT(entry.effective_time(), 0u);
  }
  EXPECT_TRUE(std::includes(told.begin(), told.end(), entered.begin(), entered.end()));
  // No clock runs on after the end.
  EXPECT_FALSE(now_.clocks().empty());
  for (const v1::ServiceClock& clock : now_.clocks()) {
    EXPECT_GE(clock.stopped_at_ms(), clock.started_at_ms()) << clock.key();
    EXPECT_GT(clock.due_at_ms(), clock.started_at_ms()) << clock.key();
    EXPECT_FALSE(clock.late()) << clock.key();
  }
  // Nothing follows an end.
  Take(Refused{walk().filed_by,
               {client::Move(now_.status(), definition.workflow().states(0).key(), "lagi")},
               "status",
               "NO_SUCH_TRANSITION"});
}

INSTANTIATE_TEST_SUITE_P(Services, Walked,
                         ::testing::Combine(::testing::ValuesIn(AllWalks()),
                                            ::testing::Values(Last::kOne, Last::kOther)),
                         [](const auto& info) {
                           return std::get<0>(info.param).name +
                                  (std::get<1>(info.param) == Last::kOne ? "_one_last"
                                                                         : "_other_last");
                         });

// Whoever adds a service, or a policy, adds a walk.
TEST_F(ServiceWalkTest, EveryServiceIsWalkedAndEveryPolicyDecides) {
  v1::ListDefinitionsResponse known;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListDefinitions,
                   v1::ListDefinitionsRequest(), &known)
                  .ok());
  std::set<std::string> offered;
  for (const v1::DefinitionSummary& summary : known.definitions()) {
    offered.insert(summary.definition().service());
  }
  EXPECT_EQ(offered.size(), DefinitionsInCatalogue());

  std::set<std::string> disputed;
  std::set<std::string> policies;
  for (const Walk& walk : AllWalks()) {
    const v1::Definition definition = DefinitionOf(walk.service);
    for (const Stage& stage : walk.stages) {
      const Dispute* dispute = std::get_if<Dispute>(&stage);
      if (dispute == nullptr) continue;
      disputed.insert(walk.service);
      v1::Policy policy = v1::POLICY_WORKFLOW;
      for (const v1::Field& field : definition.fields()) {
        if (field.key() == dispute->path) policy = field.policy();
      }
      policies.insert(v1::Policy_Name(policy));
    }
  }
  EXPECT_EQ(disputed, offered);
  EXPECT_THAT(policies, UnorderedElementsAre("POLICY_LATEST", "POLICY_WORKFLOW", "POLICY_HIGHEST",
                                             "POLICY_LOWEST", "POLICY_UNION", "POLICY_TEXT",
                                             "POLICY_REVIEW"));
}

}  // namespace
}  // namespace tikar::server
