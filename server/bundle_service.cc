#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "server/bundle_export.h"
#include "server/bundle_files.h"
#include "server/bundle_import.h"
#include "server/bundle_parties.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/live_stream.h"
#include "server/errors.h"
#include "server/services.h"
#include "server/unary.h"
#include "sync/signed_note.h"
#include "sync/status_macros.h"
#include "tikar/v1/bundle_service.grpc.pb.h"

namespace tikar::server {
namespace {

// Calls that make or take a bundle at a time; one needs some 30 MiB. Each has a thread of its own:
// they wait for the disk, for the sequencer and for the caller.
constexpr size_t kBundleCallsMax = 2;
// From one message of progress to the next.
constexpr int64_t kProgressMs = 200;
// How long a caller may take to read a message or to send one.
constexpr int64_t kCallerMsMax = 60'000;

// What to do, in Indonesian; the details stand behind it as they are.
const char* AdviceFor(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kDataLoss:
      return "Berkas itu rusak atau terpotong; tidak ada isinya yang diambil. Salin lagi. "
             "Rincian: ";
    case absl::StatusCode::kInvalidArgument:
      return "Bundel atau permintaan itu tidak dapat diterima. Rincian: ";
    case absl::StatusCode::kFailedPrecondition:
      return "Node ini belum siap untuk bundel, atau bundelnya dari versi lain. Rincian: ";
    case absl::StatusCode::kNotFound:
      return "Yang diminta belum ada di server ini. Rincian: ";
    case absl::StatusCode::kResourceExhausted:
      return "Disk server penuh, atau bundelnya terlalu besar. Rincian: ";
    default:
      return "Bundel tidak selesai; coba lagi. Rincian: ";
  }
}

// With words for people, unless it has some. All callers are admins of this node.
absl::Status ToCaller(const absl::Status& status) {
  const bool has_words = status.GetPayload("type.googleapis.com/google.rpc.Status").has_value();
  if (status.ok() || has_words) return status;
  return ForOperator(status, "BUNDLE", absl::StrCat(AdviceFor(status.code()), status.message()));
}

// What a thread waits for that runs one call. Thread safety: all methods from any thread.
class CallState final : public LiveStream {
 public:
  CallState(Engine* engine, grpc::CallbackServerContext* context)
      : engine_(*engine), context_(*context) {}

  // Before a read or write begins.
  void Begin() {
    const std::lock_guard lock(mutex_);
    busy_ = true;
    began_ms_ = engine_.now_ms();
  }
  // It ended.
  void End(bool ok) {
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
      ok_ = ok;
    }
    wake_.notify_all();
  }
  // Until it has. False: the stream has ended.
  bool Await() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !busy_; });
    return ok_;
  }
  // Why the call must end, if it must; waits that long for it.
  absl::Status Wait(int64_t ms) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(ms),
                   [this]()
                       ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || cancelled_; });
    if (stopping_) return Stopping(engine_.jitter_ms(kRetryStoppingMs));
    if (cancelled_) return absl::CancelledError("nobody waits for it any more");
    return absl::OkStatus();
  }
  void OnCancel() {
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
    }
    wake_.notify_all();
  }

  void OnTick(int64_t now_ms) override {
    {
      const std::lock_guard lock(mutex_);
      if (!busy_ || now_ms - began_ms_ <= kCallerMsMax) return;
    }
    // The read or write then ends.
    context_.TryCancel();
  }
  void Stop() override {
    bool busy = false;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      busy = busy_;
    }
    wake_.notify_all();
    if (busy) context_.TryCancel();
  }

 private:
  Engine& engine_;
  grpc::CallbackServerContext& context_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool ok_ ABSL_GUARDED_BY(mutex_) = true;
  int64_t began_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

// A reactor whose call is one function on a thread of the pool. Deletes itself when it is over.
template <typename Reactor>
class BlockingCall : public Reactor {
 public:
  BlockingCall(Engine* engine, grpc::CallbackServerContext* context)
      : engine_(*engine), state_(std::make_shared<CallState>(engine, context)) {}

  void Start(WorkerPool* pool) {
    counted_ = engine_.calls().Begin();
    admitted_ = counted_ && engine_.sessions().Add(state_);
    absl::Status refused;
    if (!counted_ || (!admitted_ && engine_.sessions().stopping())) {
      refused = Stopping(engine_.jitter_ms(kRetryStoppingMs));
    } else if (!admitted_ || !pool->TryPost([this] { this->Finish(ToGrpc(ToCaller(Run()))); })) {
      refused = Overloaded("bundles being made or taken", engine_.jitter_ms(kRetryOverloadedMs));
    }
    if (!refused.ok()) this->Finish(ToGrpc(refused));
  }
  void OnCancel() override { state_->OnCancel(); }
  void OnDone() override {
    if (admitted_) engine_.sessions().Remove(state_);
    if (counted_) engine_.calls().End();
    delete this;
  }

 protected:
  // The whole call; Finish is not its business.
  virtual absl::Status Run() = 0;
  Engine& engine() { return engine_; }
  CallState& state() { return *state_; }

 private:
  Engine& engine_;
  const std::shared_ptr<CallState> state_;
  bool counted_ = false;
  bool admitted_ = false;
};

class ExportCall final : public BlockingCall<grpc::ServerWriteReactor<v1::ExportBundleResponse>> {
 public:
  ExportCall(Engine* engine, grpc::CallbackServerContext* context, BundleFiles* files,
             std::string data_directory, const v1::ExportBundleRequest& request)
      : BlockingCall(engine, context),
        files_(*files),
        data_directory_(std::move(data_directory)),
        request_(request) {}
  void OnWriteDone(bool ok) override { state().End(ok); }

 private:
  absl::Status Run() override {
    ASSIGN_OR_RETURN(const auto identity, LoadForBundles(data_directory_));
    int64_t next_progress_ms = 0;
    ASSIGN_OR_RETURN(ExportedBundle bundle,
                     MakeNodeBundle(engine(), *identity, files_, request_,
                                    [&](const v1::ExportProgress& progress) -> absl::Status {
                                      const int64_t now_ms = engine().now_ms();
                                      if (now_ms < next_progress_ms) return state().Wait(0);
                                      next_progress_ms = now_ms + kProgressMs;
                                      v1::ExportBundleResponse response;
                                      *response.mutable_progress() = progress;
                                      return Send(std::move(response));
                                    }));
    for (size_t i = 0; i < bundle.parts.size(); ++i) {
      RETURN_IF_ERROR(SendPart(bundle, i));
    }
    v1::ExportBundleResponse last;
    *last.mutable_summary() = std::move(bundle.summary);
    return Send(std::move(last));
  }

  absl::Status SendPart(const ExportedBundle& bundle, size_t index) {
    const ExportedPart& part = bundle.parts[index];
    v1::ExportBundleResponse begin;
    begin.mutable_part()->set_part(static_cast<uint32_t>(index + 1));
    begin.mutable_part()->set_parts(static_cast<uint32_t>(bundle.parts.size()));
    begin.mutable_part()->set_bytes(part.head.size() + part.payload_bytes);
    RETURN_IF_ERROR(Send(std::move(begin)));
    v1::ExportBundleResponse head;
    head.set_chunk(part.head);
    RETURN_IF_ERROR(Send(std::move(head)));
    for (uint64_t at = 0; at < part.payload_bytes;) {
      const size_t size =
          static_cast<size_t>(std::min<uint64_t>(kBundleChunkBytes, part.payload_bytes - at));
      v1::ExportBundleResponse response;
      ASSIGN_OR_RETURN(*response.mutable_chunk(),
                       bundle.spool->Read(part.payload_offset + at, size));
      if (response.chunk().size() != size) return absl::InternalError("the spool is too short");
      at += size;
      RETURN_IF_ERROR(Send(std::move(response)));
    }
    return absl::OkStatus();
  }

  absl::Status Send(v1::ExportBundleResponse response) {
    RETURN_IF_ERROR(state().Wait(0));
    response_ = std::move(response);
    state().Begin();
    StartWrite(&response_);
    if (state().Await()) return absl::OkStatus();
    RETURN_IF_ERROR(state().Wait(0));
    return absl::CancelledError("nobody reads it any more");
  }

  BundleFiles& files_;
  const std::string data_directory_;
  const v1::ExportBundleRequest request_;
  v1::ExportBundleResponse response_;
};

class ImportCall final : public BlockingCall<grpc::ServerReadReactor<v1::ImportBundleRequest>> {
 public:
  ImportCall(Engine* engine, grpc::CallbackServerContext* context, BundleFiles* files,
             std::string data_directory, v1::ImportBundleResponse* response)
      : BlockingCall(engine, context),
        files_(*files),
        data_directory_(std::move(data_directory)),
        response_(*response) {}
  void OnReadDone(bool ok) override { state().End(ok); }

 private:
  absl::Status Run() override {
    ASSIGN_OR_RETURN(const auto identity, LoadForBundles(data_directory_));
    ASSIGN_OR_RETURN(const auto spool, files_.MakeSpool());
    bool validate_only = false;
    for (bool first = true; Read(); first = false) {
      if (first) validate_only = request_.validate_only();
      if (request_.chunk().size() > kBundleChunkBytes ||
          spool->size() + request_.chunk().size() > sync::kBundlePartBytesMax) {
        return absl::InvalidArgumentError(
            "a part of a bundle is sent in pieces of at most 256 KiB, "
            "4 GiB in all");
      }
      RETURN_IF_ERROR(spool->Append(request_.chunk()));
      // What is none need not be sent to its end.
      if (first) RETURN_IF_ERROR(CheckBeginning(*spool, *identity));
    }
    RETURN_IF_ERROR(state().Wait(0));
    BundleImport import(&engine(), identity.get(), &files_, spool.get(),
                        [this](int64_t ms) { return state().Wait(ms); });
    ASSIGN_OR_RETURN(response_, import.Run(validate_only));
    return absl::OkStatus();
  }

  static absl::Status CheckBeginning(const SpoolFile& spool, const Identity& identity) {
    if (spool.size() < sync::kBundleHeadBytesMax) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string beginning, spool.Read(0, sync::kBundleHeadBytesMax));
    ASSIGN_OR_RETURN(const sync::BundleHead head, sync::ParseBundleHead(beginning));
    return CheckIsReceiver(head.header, identity);
  }

  // False: the caller has sent all, or is gone.
  bool Read() {
    if (!state().Wait(0).ok()) return false;
    state().Begin();
    StartRead(&request_);
    return state().Await();
  }

  BundleFiles& files_;
  const std::string data_directory_;
  v1::ImportBundleResponse& response_;
  v1::ImportBundleRequest request_;
};

class BundleService final : public v1::BundleService::CallbackService {
 public:
  BundleService(Engine* engine, std::string data_directory)
      : engine_(engine),
        data_directory_(std::move(data_directory)),
        files_(data_directory_),
        pool_(kBundleCallsMax, /*queued_max=*/kBundleCallsMax) {}

  grpc::ServerWriteReactor<v1::ExportBundleResponse>* ExportBundle(
      grpc::CallbackServerContext* context, const v1::ExportBundleRequest* request) override {
    auto* call = new ExportCall(engine_, context, &files_, data_directory_, *request);
    call->Start(&pool_);
    return call;
  }

  grpc::ServerReadReactor<v1::ImportBundleRequest>* ImportBundle(
      grpc::CallbackServerContext* context, v1::ImportBundleResponse* response) override {
    auto* call = new ImportCall(engine_, context, &files_, data_directory_, response);
    call->Start(&pool_);
    return call;
  }

  grpc::ServerUnaryReactor* GetBundleKey(grpc::CallbackServerContext* context,
                                         const v1::GetBundleKeyRequest*,
                                         v1::GetBundleKeyResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published&) -> absl::Status {
      const auto identity = LoadForBundles(data_directory_);
      if (!identity.ok()) return ToCaller(identity.status());
      response->set_node((*identity)->name());
      response->set_named_key(
          sync::FormatNamedKey({(*identity)->name(), (*identity)->public_key()}));
      response->set_certificate_pem((*identity)->certificate_pem());
      for (const std::string& name : files_.Nodes()) {
        const auto pem = files_.Certificate(name);
        const auto certificate = pem.ok() ? ParseCertificate(*pem) : pem.status();
        if (!certificate.ok()) continue;
        v1::BundleReceiver& receiver = *response->add_receivers();
        receiver.set_name(name);
        for (const std::string& region : certificate->regions) receiver.add_regions(region);
        receiver.set_not_after_s(certificate->not_after_s);
        if (const auto last = LastAcknowledged(files_, **identity, certificate->key)) {
          receiver.set_acknowledged_at_ms(last->manifest.made_at_ms());
        }
      }
      return absl::OkStatus();
    });
  }

 private:
  Engine* const engine_;
  const std::string data_directory_;
  BundleFiles files_;
  WorkerPool pool_;  // destroyed first: its jobs use the rest
};

}  // namespace

std::unique_ptr<grpc::Service> MakeBundleService(Engine* engine, std::string data_directory) {
  return std::make_unique<BundleService>(engine, std::move(data_directory));
}

}  // namespace tikar::server
