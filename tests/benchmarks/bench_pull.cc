// The first pull of a new phone: every request of its region, read from the store, and sent over
// gRPC; beside the same reads of the store with nothing made of them, and beside raw gRPC sending
// the same messages.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "node.h"
#include "raw_grpc.h"
#include "settings.h"
#include "sync/feed.h"
#include "sync/status_macros.h"
#include "tikar/v1/sync_service.pb.h"
#include "workload.h"

namespace tikar::benchmarks {
namespace {

constexpr size_t kIngestGroup = 1000;

// What a Reader was asked, to ask it again.
class AskedReader : public sync::Reader {
 public:
  explicit AskedReader(const sync::Reader* reader) : reader_(*reader) {}

  absl::StatusOr<std::optional<std::string>> Get(sync::Family family,
                                                 std::string_view key) const override {
    asked_.push_back({Question::kGet, family, {std::string(key)}, 0});
    return reader_.Get(family, key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      sync::Family family, const std::vector<std::string>& keys) const override {
    asked_.push_back({Question::kMultiGet, family, keys, 0});
    return reader_.MultiGet(family, keys);
  }
  absl::Status Scan(sync::Family family, std::string_view begin, std::string_view end,
                    const Visitor& visit) const override {
    const size_t at = asked_.size();
    asked_.push_back({Question::kScan, family, {std::string(begin), std::string(end)}, 0});
    return reader_.Scan(family, begin, end, Counting(at, visit));
  }
  absl::Status ScanReverse(sync::Family family, std::string_view begin, std::string_view end,
                           const Visitor& visit) const override {
    const size_t at = asked_.size();
    asked_.push_back({Question::kScanReverse, family, {std::string(begin), std::string(end)}, 0});
    return reader_.ScanReverse(family, begin, end, Counting(at, visit));
  }

  // The same again; what comes is counted and dropped. Returns the bytes.
  absl::StatusOr<uint64_t> AskAgain() const {
    uint64_t bytes = 0;
    for (const Asked& asked : asked_) {
      switch (asked.question) {
        case Question::kGet: {
          ASSIGN_OR_RETURN(const auto value, reader_.Get(asked.family, asked.keys[0]));
          if (value.has_value()) bytes += value->size();
          break;
        }
        case Question::kMultiGet: {
          ASSIGN_OR_RETURN(const auto values, reader_.MultiGet(asked.family, asked.keys));
          for (const auto& value : values) bytes += value.has_value() ? value->size() : 0;
          break;
        }
        case Question::kScan:
        case Question::kScanReverse: {
          size_t rows = 0;
          const auto count = [&](std::string_view key, std::string_view value) {
            bytes += key.size() + value.size();
            return ++rows < asked.rows;
          };
          RETURN_IF_ERROR(
              asked.question == Question::kScan
                  ? reader_.Scan(asked.family, asked.keys[0], asked.keys[1], count)
                  : reader_.ScanReverse(asked.family, asked.keys[0], asked.keys[1], count));
          break;
        }
      }
    }
    return bytes;
  }

  size_t questions() const { return asked_.size(); }

 private:
  enum class Question { kGet, kMultiGet, kScan, kScanReverse };
  struct Asked {
    Question question;
    sync::Family family;
    std::vector<std::string> keys;  // of a scan: begin and end
    size_t rows;                    // that a scan looked at
  };

  Visitor Counting(size_t at, const Visitor& visit) const {
    return [this, at, &visit](std::string_view key, std::string_view value) {
      ++asked_[at].rows;
      return visit(key, value);
    };
  }

  const sync::Reader& reader_;
  mutable std::vector<Asked> asked_;
};

struct Pulled {
  uint64_t requests = 0;
  uint64_t bytes = 0;
};

// The whole region, page by page.
absl::StatusOr<Pulled> PullFeed(const sync::Reader& reader) {
  Pulled pulled;
  sync::FeedQuery query;
  query.scope = {kRegion};
  query.actor = "hp-new";
  while (true) {
    ASSIGN_OR_RETURN(sync::FeedPage page, sync::ReadFeed(reader, query));
    for (const v1::Request& request : page.requests) pulled.bytes += request.ByteSizeLong();
    pulled.requests += page.requests.size();
    if (page.caught_up) return pulled;
    query.cursor = std::move(page.cursor);
  }
}

absl::Status CheckAll(const Pulled& pulled, size_t requests) {
  if (pulled.requests == requests) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(pulled.requests, " of ", requests, " requests came"));
}

absl::Status MeasureFeed(const Settings& settings, server::Engine& engine, size_t requests,
                         const Tell& tell) {
  const std::shared_ptr<const server::Published> published = engine.sequencer().Current();
  Case what;
  what.name = "ReadFeed, one thread";
  what.unit = "requests";
  what.count = requests;
  what.peers.push_back({"the same reads, nothing made", {}});
  const AskedReader asked(published->reader.get());
  ASSIGN_OR_RETURN(const Pulled first, PullFeed(asked));
  RETURN_IF_ERROR(CheckAll(first, requests));
  what.bytes = first.bytes;
  uint64_t bytes_read = 0;
  for (size_t round = 0; round < settings.rounds; ++round) {
    {
      const Stopwatch stopwatch;
      ASSIGN_OR_RETURN(const Pulled pulled, PullFeed(*published->reader));
      what.subject.push_back(stopwatch.Read());
      RETURN_IF_ERROR(CheckAll(pulled, requests));
    }
    const Stopwatch stopwatch;
    ASSIGN_OR_RETURN(bytes_read, asked.AskAgain());
    what.peers[0].samples.push_back(stopwatch.Read());
  }
  const auto count = static_cast<double>(requests);
  what.facts = {{"bytes sent per request", static_cast<double>(first.bytes) / count},
                {"bytes read per request", static_cast<double>(bytes_read) / count},
                {"reads per request", static_cast<double>(asked.questions()) / count}};
  tell(std::move(what));
  return absl::OkStatus();
}

// A phone that sends its hello and half-closes.
std::vector<grpc::ByteBuffer> HelloOnly() {
  v1::SyncRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_protocol_version(1);
  hello.set_actor("hp-new");
  hello.set_device_time_ms(NowMs());
  hello.add_scope(kRegion);
  std::vector<grpc::ByteBuffer> messages;
  messages.push_back(ToBuffer(request.SerializeAsString()));
  return messages;
}

// One phone after another would measure the wait for the disk and the wire; so many at once keep
// both cores busy.
absl::StatusOr<std::vector<grpc::ByteBuffer>> PullAll(const std::string& address,
                                                      const std::string& method, size_t phones,
                                                      std::vector<Sample>* samples) {
  const std::vector<grpc::ByteBuffer> hello = HelloOnly();
  std::vector<std::unique_ptr<ByteCall>> calls;
  for (size_t i = 0; i < phones; ++i) {
    calls.push_back(std::make_unique<ByteCall>(OwnChannel(address), method, hello, 1));
  }
  const Stopwatch stopwatch;
  for (const auto& call : calls) call->Start();
  for (const auto& call : calls) RETURN_IF_ERROR(call->Wait());
  samples->push_back(stopwatch.Read());
  for (const auto& call : calls) {
    if (call->received().size() != calls[0]->received().size()) {
      return absl::InternalError("two phones were sent different numbers of messages");
    }
  }
  return calls[0]->received();
}

absl::StatusOr<Pulled> CheckResponses(const std::vector<grpc::ByteBuffer>& responses) {
  Pulled pulled;
  bool caught_up = false;
  for (const grpc::ByteBuffer& buffer : responses) {
    v1::SyncResponse response;
    if (!response.ParseFromString(ToBytes(buffer))) return absl::InternalError("no SyncResponse");
    pulled.requests += static_cast<uint64_t>(response.batch().requests_size());
    caught_up = response.batch().caught_up();
    pulled.bytes += buffer.Length();
  }
  if (!caught_up) return absl::InternalError("the call ended before the phone had caught up");
  return pulled;
}

absl::Status MeasureGrpc(const Settings& settings, const server::Server& server, size_t requests,
                         size_t phones, const Tell& tell) {
  Case what;
  what.name = absl::StrCat("over gRPC, phones at once: ", phones);
  what.unit = "requests";
  what.count = requests * phones;
  what.peers.push_back({"raw gRPC, same messages", {}});
  std::unique_ptr<RawServer> raw;
  for (size_t round = 0; round < settings.rounds; ++round) {
    ASSIGN_OR_RETURN(const std::vector<grpc::ByteBuffer> responses,
                     PullAll(server.address(), kSyncMethod, phones, &what.subject));
    ASSIGN_OR_RETURN(const Pulled pulled, CheckResponses(responses));
    RETURN_IF_ERROR(CheckAll(pulled, requests));
    if (raw == nullptr) {
      what.bytes = pulled.bytes * phones;
      what.facts = {{"bytes per message",
                     static_cast<double>(pulled.bytes) / static_cast<double>(responses.size())}};
      RawScript script;
      for (const grpc::ByteBuffer& response : responses) {
        script.at_end.push_back(ToBuffer(ToBytes(response)));
      }
      raw = std::make_unique<RawServer>(std::move(script));
    }
    ASSIGN_OR_RETURN(const std::vector<grpc::ByteBuffer> same,
                     PullAll(raw->address(), kRawMethod, phones, &what.peers[0].samples));
    uint64_t bytes = 0;
    for (const grpc::ByteBuffer& response : same) bytes += response.Length();
    if (bytes * phones != what.bytes) {
      return absl::InternalError("raw gRPC carried another number of bytes");
    }
  }
  tell(std::move(what));
  return absl::OkStatus();
}

absl::Status Run(const Settings& settings, Directory& directory, const Tell& tell) {
  const size_t requests = settings.Count(20'000, 400);
  ASSIGN_OR_RETURN(const std::string definition, ComplaintDefinition());
  WorkloadOptions options;
  options.requests = requests;
  ASSIGN_OR_RETURN(const std::vector<PhoneChange> changes, MakeWorkload(definition, options));
  ASSIGN_OR_RETURN(const std::unique_ptr<server::Server> server,
                   server::Server::Start(ServerOptionsFor(directory.Fresh(), definition)));
  RETURN_IF_ERROR(IngestInGroups(server->engine().sequencer(), changes, kIngestGroup));

  RETURN_IF_ERROR(MeasureFeed(settings, server->engine(), requests, tell));
  for (const size_t phones : {1, 8}) {
    RETURN_IF_ERROR(MeasureGrpc(settings, *server, requests, phones, tell));
  }
  return server->Stop();
}

}  // namespace
}  // namespace tikar::benchmarks

int main(int argc, char** argv) {
  return tikar::benchmarks::Main(argc, argv, "bench_pull", tikar::benchmarks::Run);
}
