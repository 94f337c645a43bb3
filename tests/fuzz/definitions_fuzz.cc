// Definitions: as bytes that somebody publishes, and as text that somebody writes.
//
// The first byte 't': the rest is protobuf's text format, as in a file. Anything else belongs to
// the bytes.
#include <google/protobuf/text_format.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/catalog.h"
#include "silent_errors.h"
#include "sync/definition_diff.h"
#include "sync/definition_review.h"
#include "sync/limits.h"
#include "sync/validation.h"
#include "target.h"
#include "tikar/v1/definition.pb.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

// A definition that was taken must bear every question, and requests must live under it.
void Use(const sync::Definition& definition) {
  const v1::Definition& proto = definition.proto();
  PROMISE(definition.StateRank(definition.initial_state()) == 0,
          "a request begins in the first state");
  for (const v1::Field& field : proto.fields()) {
    PROMISE(definition.FindField(field.key()) == &field, "each field is found by its key");
    PROMISE(definition.PolicyOf(field.key()) != v1::POLICY_UNSPECIFIED, "each field has a policy");
    definition.MatchesPattern(field.key(), "SK-12");
    for (const v1::Role& role : proto.roles()) {
      definition.MayWrite(role.key(), field.key());
      definition.MaySettle(role.key(), field.key());
    }
  }
  for (const v1::WorkflowEdge& edge : proto.workflow().edges()) {
    PROMISE(definition.FindEdge(edge.from(), edge.to()) != nullptr, "each edge is found");
  }

  Node node(1, /*knows_forms=*/false);
  node.AddDefinition(definition.bytes());
  const std::string creator = [&] {
    for (const v1::Role& role : proto.roles()) {
      if (role.creates()) return role.key();
    }
    return std::string("petugas");
  }();
  v1::ChangeBody create = NewRequest("hp-siti", 0);
  create.set_role(creator);
  v1::Create& pinned = *create.mutable_mutations(0)->mutable_create();
  pinned.set_definition_hash(definition.hash().bytes());
  pinned.set_service(proto.service());
  pinned.set_version(proto.version());
  for (const v1::Field& field : proto.fields()) {
    if (!field.required() || create.mutations_size() > 40) continue;
    v1::SetField& set = *create.add_mutations()->mutable_set_field();
    set.set_path(field.key());
    if (field.choices_size() > 0 && field.type() == v1::FIELD_TYPE_CHOICE) {
      set.mutable_value()->set_text(field.choices(0).key());
    } else if (field.type() == v1::FIELD_TYPE_INTEGER || field.type() == v1::FIELD_TYPE_MONEY) {
      set.mutable_value()->set_integer(field.minimum());
    } else {
      set.mutable_value()->set_text("Warung");
    }
  }
  sync::Submission submission;
  submission.body = create.SerializeAsString();
  const sync::Outcome created = node.Ingest({submission});
  if (proto.workflow().edges_size() > 0) {
    const v1::WorkflowEdge& edge = proto.workflow().edges(0);
    v1::ChangeBody move = EditOf(submission.body, "hp-budi", 1, {submission.body});
    move.set_role(edge.roles_size() > 0 ? edge.roles(0) : creator);
    Move(&move, edge.from(), edge.to());
    submission.body = move.SerializeAsString();
    node.Ingest({submission});
  }
  node.RunTimers(node.now_ms + int64_t{365} * 24 * 3'600'000);
  node.CheckWhatIsStored();
  const std::string state = node.StateBytes();
  node.Restart();
  PROMISE(node.StateBytes() == state, "a restart changes nothing");
}

}  // namespace

FUZZ_TARGET(definitions, "definitions as bytes and as text: parse, review, publish, use") {
  std::string published;
  if (bytes.starts_with('t')) {
    const std::string text(bytes.substr(1));
    const absl::StatusOr<std::string> read = server::DefinitionFromText("berkas.textproto", text);
    v1::Definition proto;
    google::protobuf::TextFormat::Parser parser;
    SilentErrors silent;
    parser.RecordErrorsTo(&silent);
    if (!parser.ParseFromString(text, &proto)) {
      PROMISE(!read.ok(), "what is no text format is no definition");
      return false;
    }
    published = proto.SerializeAsString();
    PROMISE(read.ok() == sync::Definition::Parse(published).ok(),
            "a file is taken exactly if its bytes would be");
  } else {
    published = std::string(bytes);
  }

  const absl::StatusOr<std::shared_ptr<const sync::Definition>> parsed =
      sync::Definition::Parse(published);
  std::string problems;
  const absl::StatusOr<std::shared_ptr<const sync::Definition>> stored =
      sync::Definition::ParseStored(published, &problems);
  v1::Definition proto;
  if (!proto.ParseFromString(published)) {
    PROMISE(!parsed.ok() && !stored.ok(), "bytes that are no definition are refused");
    return false;
  }
  const std::vector<sync::Finding> findings = sync::ReviewDefinition(proto);
  const bool has_error = std::any_of(
      findings.begin(), findings.end(),
      [](const sync::Finding& finding) { return finding.severity == sync::Severity::kError; });
  PROMISE(sync::DiffDefinitions(proto, proto).empty(), "a definition does not differ from itself");
  if (!parsed.ok()) {
    PROMISE(absl::IsInvalidArgument(parsed.status()) && !parsed.status().message().empty(),
            "a refusal says what is wrong");
    PROMISE(has_error || published.size() > sync::kDefinitionBytesMax ||
                proto.merge_version() > sync::kMergeVersionNewest,
            absl::StrCat("the review tells what publishing would refuse: ",
                         parsed.status().ToString()));
    return false;
  }
  const sync::Definition& definition = **parsed;
  PROMISE(definition.bytes() == published && definition.hash() == sync::Sha256(published),
          "a definition is kept as it was published, and named by its hash");
  PROMISE(stored.ok() && problems.empty(), "what can be published can be read back");
  if (!definition.supported()) return false;
  Use(definition);
  return !has_error;
}

}  // namespace tikar::fuzz
