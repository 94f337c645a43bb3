// Many phones that push at the same time, from the phone's side of the wire, each answer after its
// fsync; beside raw gRPC carrying the same messages both ways, which keeps nothing.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "node.h"
#include "raw_grpc.h"
#include "server/engine/limits.h"
#include "settings.h"
#include "sync/status_macros.h"
#include "tikar/v1/sync_service.pb.h"
#include "workload.h"

namespace tikar::benchmarks {
namespace {

// What an officer brings from a morning in the village.
constexpr int kPushChanges = 10;

// All that one phone has to say.
using Messages = std::vector<grpc::ByteBuffer>;

std::vector<Messages> MessagesOf(const std::vector<PhoneChange>& changes) {
  std::map<std::string, std::vector<const PhoneChange*>> by_phone;
  for (const PhoneChange& change : changes) by_phone[change.actor].push_back(&change);
  std::vector<Messages> all;
  for (const auto& [actor, own] : by_phone) {
    Messages messages;
    v1::SyncRequest request;
    v1::Hello& hello = *request.mutable_hello();
    hello.set_protocol_version(1);
    hello.set_actor(actor);
    hello.set_device_time_ms(NowMs());
    hello.set_push_only(true);
    messages.push_back(ToBuffer(request.SerializeAsString()));
    request.Clear();
    for (const PhoneChange* change : own) {
      v1::Push& push = *request.mutable_push();
      push.add_changes()->set_body(change->body);
      if (push.changes_size() < kPushChanges) continue;
      messages.push_back(ToBuffer(request.SerializeAsString()));
      request.Clear();
    }
    if (request.has_push()) messages.push_back(ToBuffer(request.SerializeAsString()));
    all.push_back(std::move(messages));
  }
  return all;
}

struct Answers {
  std::vector<Messages> by_phone;
  uint64_t count = 0;
};

absl::StatusOr<Answers> Push(const std::string& address, const std::string& method,
                             const std::vector<Messages>& phones, std::vector<Sample>* samples) {
  std::vector<std::unique_ptr<ByteCall>> calls;
  for (const Messages& messages : phones) {
    // The hello, and as many pushes as the server takes without an answer.
    calls.push_back(std::make_unique<ByteCall>(OwnChannel(address), method, messages,
                                               1 + server::kPushesInFlightMax));
  }
  const Stopwatch stopwatch;
  for (const auto& call : calls) call->Start();
  for (const auto& call : calls) RETURN_IF_ERROR(call->Wait());
  samples->push_back(stopwatch.Read());
  Answers answers;
  for (const auto& call : calls) {
    answers.by_phone.push_back(call->received());
    answers.count += call->received().size();
  }
  return answers;
}

absl::Status CheckAllAccepted(const Answers& answers, size_t changes) {
  size_t accepted = 0;
  for (const Messages& messages : answers.by_phone) {
    for (const grpc::ByteBuffer& message : messages) {
      v1::SyncResponse response;
      if (!response.ParseFromString(ToBytes(message))) {
        return absl::InternalError("no SyncResponse");
      }
      for (const v1::ChangeResult& result : response.push_result().results()) {
        accepted += result.verdict() == v1::VERDICT_ACCEPTED && !result.duplicate() ? 1 : 0;
      }
    }
  }
  if (accepted == changes) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(accepted, " of ", changes, " changes were accepted"));
}

absl::Status Measure(const Settings& settings, const std::string& definition, size_t phones,
                     size_t changes_wanted, Directory& directory, const Tell& tell) {
  WorkloadOptions options;
  options.phones = phones;
  options.changes = changes_wanted;
  // The office has no stream here.
  options.edits_per_office_edit = 0;
  ASSIGN_OR_RETURN(const std::vector<PhoneChange> changes, MakeWorkload(definition, options));
  const std::vector<Messages> messages = MessagesOf(changes);
  uint64_t sent = 0;
  for (const Messages& of_one : messages) {
    for (const grpc::ByteBuffer& message : of_one) sent += message.Length();
  }

  Case what;
  what.name = absl::StrCat("phones at once: ", phones);
  what.unit = "changes";
  what.count = changes.size();
  what.bytes = sent;
  what.peers.push_back({"raw gRPC, same messages", {}});
  std::unique_ptr<RawServer> raw;
  for (size_t round = 0; round < settings.rounds; ++round) {
    // A new node each time, or the changes would be duplicates.
    ASSIGN_OR_RETURN(const std::unique_ptr<server::Server> server,
                     server::Server::Start(ServerOptionsFor(directory.Fresh(), definition)));
    const server::SequencerStatus before = server->engine().sequencer().status();
    ASSIGN_OR_RETURN(const Answers answers,
                     Push(server->address(), kSyncMethod, messages, &what.subject));
    RETURN_IF_ERROR(CheckAllAccepted(answers, changes.size()));
    RETURN_IF_ERROR(server->Stop());
    const server::SequencerStatus after = server->engine().sequencer().status();
    const auto changes_count = static_cast<double>(changes.size());
    what.facts = {
        {"changes per group",
         changes_count / static_cast<double>(after.groups_committed - before.groups_committed)},
        {"changes per fsync", changes_count / static_cast<double>(after.syncs - before.syncs)}};
    if (raw == nullptr) {
      RawScript script;
      for (const grpc::ByteBuffer& answer : answers.by_phone[0]) {
        script.answers.push_back(ToBuffer(ToBytes(answer)));
      }
      raw = std::make_unique<RawServer>(std::move(script));
    }
    ASSIGN_OR_RETURN(const Answers same,
                     Push(raw->address(), kRawMethod, messages, &what.peers[0].samples));
    if (same.count != answers.count) {
      return absl::InternalError("raw gRPC gave another number of answers");
    }
  }
  tell(std::move(what));
  return absl::OkStatus();
}

absl::Status Run(const Settings& settings, Directory& directory, const Tell& tell) {
  ASSIGN_OR_RETURN(const std::string definition, ComplaintDefinition());
  for (const size_t phones : {1, 16, 128}) {
    RETURN_IF_ERROR(
        Measure(settings, definition, phones, settings.Count(12'800, 640), directory, tell));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace tikar::benchmarks

int main(int argc, char** argv) {
  return tikar::benchmarks::Main(argc, argv, "bench_sync_grpc", tikar::benchmarks::Run);
}
