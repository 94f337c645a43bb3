// What the first node takes for known when it judges a step: what the author saw, not what others
// wrote while he was offline.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kerinci.h"
#include "kerinci_node.h"

namespace tikar::sync {
namespace {

// The complaint's workflow; paying needs a description and at most Rp500.
const Definition& CheapRepairs() {
  static const std::shared_ptr<const Definition> definition = [] {
    v1::Definition proto = ComplaintProto();
    for (v1::WorkflowEdge& edge : *proto.mutable_workflow()->mutable_edges()) {
      if (edge.to() != "disetujui") continue;
      edge.add_required_fields("deskripsi");
      v1::EdgeCondition& cheap = *edge.add_conditions();
      cheap.set_field("biaya");
      cheap.set_maximum(500);
    }
    return ParseDefinition(proto);
  }();
  return *definition;
}

class AuthorViewTest : public ::testing::Test {
 protected:
  void SetUp() override { node_.AddDefinition(CheapRepairs()); }

  Written Bridge() {
    return node_.Take(siti_.Create(kSungaibetungHilir, CheapRepairs())
                          .Set("judul", "Jembatan")
                          .Set("deskripsi", "Papan patah")
                          .Set("biaya", Value::Integer(400)));
  }
  static std::string CodeOf(const SubmissionResult& result) {
    return result.violations.size() == 1 ? result.violations[0].code : "";
  }

  Node node_{7};
  Officer siti_{"hp-siti"};
  Officer budi_{"hp-budi"};
};

TEST_F(AuthorViewTest, AConditionIsJudgedByWhatTheRequestHolds) {
  const Written bridge = Bridge();
  const Written dearer = node_.Take(budi_.After(bridge).Set("biaya", Value::Integer(600)));
  const SubmissionResult refused = node_.Push(budi_.After(dearer).Go("diterima", "disetujui"));
  EXPECT_EQ(refused.verdict, v1::VERDICT_VOID);
  EXPECT_EQ(refused.reason, v1::REFUSAL_REASON_INVALID_VALUE);
  EXPECT_EQ(CodeOf(refused), "condition_not_met");
}

TEST_F(AuthorViewTest, WhatOthersWroteMeanwhileDoesNotMakeOfflineWorkWrong) {
  const Written bridge = Bridge();
  node_.Take(budi_.After(bridge).Set("biaya", Value::Integer(600)).Clear("deskripsi"));
  node_.Take(siti_.After(bridge).Go("diterima", "disetujui"));
  EXPECT_EQ(node_.FieldText(bridge.key, "status"), "disetujui");
}

TEST_F(AuthorViewTest, WhatOthersWroteMeanwhileDoesNotMakeItRightEither) {
  const Written bridge = Bridge();
  const Written dearer =
      node_.Take(siti_.After(bridge).Set("biaya", Value::Integer(600)).Clear("deskripsi"));
  // Budi makes it cheap again and describes it, which Siti does not know.
  node_.Take(
      budi_.After(dearer).Set("biaya", Value::Integer(300)).Set("deskripsi", "Papan diganti"));
  const SubmissionResult refused = node_.Push(siti_.After(dearer).Go("diterima", "disetujui"));
  EXPECT_EQ(refused.verdict, v1::VERDICT_VOID);
  ASSERT_EQ(refused.violations.size(), 2);
  EXPECT_EQ(refused.violations[0].code, "needed_for_transition");
  EXPECT_EQ(refused.violations[1].code, "condition_not_met");
}

TEST_F(AuthorViewTest, AChainOfOfflineEditsSeesItself) {
  const Written bridge = Bridge();
  node_.Take(budi_.After(bridge).Set("biaya", Value::Integer(900)));
  const Written dearer = node_.Take(siti_.After(bridge).Set("biaya", Value::Integer(600)));
  EXPECT_EQ(CodeOf(node_.Push(siti_.After(dearer).Go("diterima", "disetujui"))),
            "condition_not_met");
  const Written cheaper = node_.Take(siti_.After(bridge).Set("biaya", Value::Integer(450)));
  node_.Take(siti_.After(cheaper).Go("diterima", "disetujui"));
}

TEST_F(AuthorViewTest, AStepFromAnotherNodesPastIsLetPass) {
  const Written bridge = Bridge();
  const Written dearer = node_.Take(budi_.After(bridge).Set("biaya", Value::Integer(600)));
  // Siti's phone synced this with a node that was not in touch with this one.
  const Written elsewhere = siti_.After(dearer).Set("biaya", Value::Integer(200));
  const Written approved = siti_.After(elsewhere).Go("diterima", "disetujui");
  node_.Take(approved);
  // What stands on it has that gap in its past too.
  node_.Take(siti_.After(approved).Set("judul", "Jembatan gantung"));
  EXPECT_EQ(node_.FieldText(bridge.key, "status"), "disetujui");
}

TEST_F(AuthorViewTest, AGapInSomebodyElsesPastIsNoExcuse) {
  const Written bridge = Bridge();
  const Written dearer = node_.Take(budi_.After(bridge).Set("biaya", Value::Integer(600)));
  node_.Take(siti_.After(siti_.After(bridge).Set("judul", "hilang")).Set("judul", "Jembatan 2"));
  EXPECT_EQ(CodeOf(node_.Push(budi_.After(dearer).Go("diterima", "disetujui"))),
            "condition_not_met");
}

}  // namespace
}  // namespace tikar::sync
