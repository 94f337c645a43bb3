// Links between nodes over real sockets: who gets through, and who does not.
#include "server/mirror_credentials.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <future>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "identity_fixture.h"

namespace tikar::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::chrono::seconds kPatience{30};
constexpr char kMethod[] = "/tikar.test.Mirror/WhoAmI";

// Answers every call with OK, and notes who called.
class Doorkeeper final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    absl::StatusOr<PeerIdentity> peer = PeerOf(*context->auth_context());
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      callers_.push_back(std::move(peer));
    }
    class Answer final : public grpc::ServerGenericBidiReactor {
     public:
      Answer() { Finish(grpc::Status::OK); }
      void OnDone() override { delete this; }
    };
    return new Answer;
  }
  std::vector<absl::StatusOr<PeerIdentity>> callers() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return callers_;
  }

 private:
  std::mutex mutex_;
  std::vector<absl::StatusOr<PeerIdentity>> callers_;
};

class Listener {
 public:
  explicit Listener(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port);
    builder.RegisterCallbackGenericService(&doorkeeper);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
    address = absl::StrCat("127.0.0.1:", port);
  }
  ~Listener() { server_->Shutdown(std::chrono::system_clock::now()); }

  Doorkeeper doorkeeper;
  std::string address;

 private:
  std::unique_ptr<grpc::Server> server_;
};

struct Outcome {
  grpc::Status status;
  // Whom the caller reached.
  absl::StatusOr<PeerIdentity> peer;
};

Outcome Call(const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& with,
             const std::string& expected) {
  static std::atomic<int> number{0};
  grpc::ChannelArguments arguments;
  // A connection of its own, so that each call shakes hands.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt("tikar.test.channel", number++);
  if (!expected.empty()) MirrorCredentials::ExpectPeer(expected, arguments);
  grpc::GenericStub stub(grpc::CreateCustomChannel(address, with, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const grpc::Slice empty{std::string()};
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, kMethod, grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  grpc::Status status = done.get_future().get();
  const auto auth = context.auth_context();
  if (auth == nullptr) return {status, absl::UnauthenticatedError("not connected")};
  return {status, PeerOf(*auth)};
}

class MirrorCredentialsTest : public IdentityFixture {
 protected:
  void SetUp() override {
    IdentityFixture::SetUp();
    hub_ = MakeFirst(Directory("hub"), "hub", {"*"});
    kerinci_ = Join(Directory("hub"), "kerinci", {"15.01"});
    nias_ = Join(Directory("hub"), "nias", {"12.04", "12.14"});
  }
  Outcome CallAs(const Identity& caller, const Listener& listener, const std::string& expected) {
    return Call(listener.address, MirrorCredentials(caller).channel(), expected);
  }
  // The caller got nothing, an operator is told `why`, and the listener's services were never
  // asked.
  static void ExpectRefused(const Outcome& outcome, Listener& listener, const std::string& why) {
    EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::UNAVAILABLE)
        << outcome.status.error_message();
    EXPECT_THAT(ExplainLink("hub", outcome.status.error_message()), HasSubstr(why));
    EXPECT_THAT(listener.doorkeeper.callers(), IsEmpty());
  }
  std::shared_ptr<const Identity> hub_, kerinci_, nias_;
};

TEST_F(MirrorCredentialsTest, NodesOfOneNetworkSeeWhoTheOtherIs) {
  Listener kerinci(MirrorCredentials(*kerinci_).server());
  const Outcome outcome = CallAs(*nias_, kerinci, "kerinci");
  ASSERT_TRUE(outcome.peer.ok()) << outcome.peer.status() << outcome.status.error_message();
  EXPECT_EQ(outcome.peer->name, "kerinci");
  EXPECT_EQ(outcome.peer->key, kerinci_->public_key());
  EXPECT_THAT(outcome.peer->regions, ElementsAre("15.01"));

  const auto callers = kerinci.doorkeeper.callers();
  ASSERT_EQ(callers.size(), 1u);
  ASSERT_TRUE(callers[0].ok()) << callers[0].status();
  EXPECT_EQ(callers[0]->name, "nias");
  EXPECT_EQ(callers[0]->key, nias_->public_key());
  EXPECT_TRUE(callers[0]->MayLogFor("12.14"));
  EXPECT_FALSE(callers[0]->MayLogFor("15.01"));
}

TEST_F(MirrorCredentialsTest, WhoShowsNoCertificateIsRefused) {
  Listener hub(MirrorCredentials(*hub_).server());
  grpc::SslCredentialsOptions only_the_ca;
  only_the_ca.pem_root_certs = hub_->authority_pem();
  ExpectRefused(Call(hub.address, grpc::SslCredentials(only_the_ca), "hub"), hub,
                "closed the connection at once");
  ExpectRefused(Call(hub.address, grpc::InsecureChannelCredentials(), ""), hub,
                "closed the connection at once");
}

TEST_F(MirrorCredentialsTest, ANodeOfAnotherNetworkIsRefusedOnBothSides) {
  const auto stranger = MakeFirst(Directory("stranger"), "nias", {"12.04"});
  Listener hub(MirrorCredentials(*hub_).server());
  ExpectRefused(CallAs(*stranger, hub, "hub"), hub, "the certificate of hub is of another CA");
  // It does not check who it talks to; the hub does.
  grpc::SslCredentialsOptions trusting;
  trusting.pem_root_certs = hub_->authority_pem();
  trusting.pem_private_key = Contents(stranger->paths().key);
  trusting.pem_cert_chain = stranger->certificate_pem();
  ExpectRefused(Call(hub.address, grpc::SslCredentials(trusting), "hub"), hub,
                "closed the connection at once");

  Listener false_nias(MirrorCredentials(*stranger).server());
  ExpectRefused(CallAs(*kerinci_, false_nias, "nias"), false_nias,
                "the certificate of hub is of another CA");
}

// The certificate as if the owner of `issuer` had signed it.
std::string SignedByNode(const std::string& certificate_pem, const Identity& issuer) {
  const auto read = [](const std::string& pem, auto reader) {
    BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    auto* const object = reader(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    return object;
  };
  X509* const leaf = read(certificate_pem, PEM_read_bio_X509);
  X509* const node = read(issuer.certificate_pem(), PEM_read_bio_X509);
  EVP_PKEY* const key = read(Contents(issuer.paths().key), PEM_read_bio_PrivateKey);
  X509_set_issuer_name(leaf, X509_get_subject_name(node));
  X509_EXTENSION_free(
      X509_delete_ext(leaf, X509_get_ext_by_NID(leaf, NID_authority_key_identifier, -1)));
  EXPECT_GT(X509_sign(leaf, key, nullptr), 0);
  EXPECT_EQ(X509_verify(leaf, X509_get0_pubkey(node)), 1);
  BIO* const bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(PEM_write_bio_X509(bio, leaf), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  X509_free(leaf);
  X509_free(node);
  EVP_PKEY_free(key);
  return pem;
}

// A chain that ends at the CA, but goes through a node.
TEST_F(MirrorCredentialsTest, ANodeCannotLetOthersIn) {
  const auto friend_of_nias = MakeFirst(Directory("friend"), "hub", {"*"});
  const std::string forged = SignedByNode(friend_of_nias->certificate_pem(), *nias_);
  EXPECT_FALSE(CheckSignedBy(forged, nias_->certificate_pem()).ok()) << "a node is no CA";
  ASSERT_TRUE(CheckSignedBy(nias_->certificate_pem(), hub_->authority_pem()).ok());
  Listener hub(MirrorCredentials(*hub_).server());
  grpc::SslCredentialsOptions chained;
  chained.pem_root_certs = hub_->authority_pem();
  chained.pem_private_key = Contents(friend_of_nias->paths().key);
  chained.pem_cert_chain = forged + nias_->certificate_pem();
  ExpectRefused(Call(hub.address, grpc::SslCredentials(chained), "hub"), hub,
                "closed the connection at once");
  // The way is right but for that: with its own certificate nias gets in.
  chained.pem_private_key = Contents(nias_->paths().key);
  chained.pem_cert_chain = nias_->certificate_pem();
  EXPECT_TRUE(Call(hub.address, grpc::SslCredentials(chained), "hub").peer.ok());
}

TEST_F(MirrorCredentialsTest, ACertificateThatHasEndedOrNotBegunIsRefused) {
  const int64_t now = NowSeconds();
  const int64_t long_ago = now - (kCertificateDays + 1) * kDaySeconds;
  MakeFirst(Directory("old"), "old", {"*"}, long_ago);
  // Three nodes of one CA; two of them out of their time.
  const auto late = Join(Directory("old"), "late", {"15.01"}, long_ago);
  const auto early = Join(Directory("old"), "early", {"15.01"}, now + 3 * kDaySeconds);
  const auto good = Join(Directory("old"), "good", {"15.01"}, now);
  ASSERT_TRUE(late != nullptr && early != nullptr && good != nullptr);
  ASSERT_LT(late->certificate().not_after_s, now);
  ASSERT_GT(early->certificate().not_before_s, now);

  Listener listener(MirrorCredentials(*good).server());
  for (const Identity* caller : {late.get(), early.get()}) {
    ExpectRefused(CallAs(*caller, listener, "good"), listener, "closed the connection at once");
    Listener ended(MirrorCredentials(*caller).server());
    ExpectRefused(CallAs(*good, ended, caller->name()), ended,
                  "the certificate of hub is of another CA");
  }
  EXPECT_TRUE(CallAs(*good, listener, "good").peer.ok()) << "so it was the date";
}

TEST_F(MirrorCredentialsTest, WhoAnswersMustBeWhomTheCallerMeant) {
  // The address of kerinci belongs to nias by now: of the same network, but another.
  Listener nias(MirrorCredentials(*nias_).server());
  ExpectRefused(CallAs(*hub_, nias, "kerinci"), nias, "that answers there is not called");
  EXPECT_EQ(CallAs(*hub_, nias, "nias").peer->name, "nias");
}

TEST_F(MirrorCredentialsTest, ARenewedCertificateIsUsedWithoutARestart) {
  const MirrorCredentials credentials(*hub_, /*reload_seconds=*/1);
  Listener hub(credentials.server());
  ASSERT_THAT(CallAs(*nias_, hub, "hub").peer->regions, ElementsAre("*"));
  const auto renewed =
      RenewHere(hub_->paths().directory, hub_->paths().directory, {"12", "15"}, {}, NowSeconds());
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::vector<std::string> regions;
  while (regions.size() != 2 && std::chrono::steady_clock::now() < deadline) {
    const Outcome outcome = CallAs(*nias_, hub, "hub");
    ASSERT_TRUE(outcome.peer.ok()) << outcome.status.error_message();
    regions = outcome.peer->regions;
  }
  EXPECT_THAT(regions, ElementsAre("12", "15"));
}

TEST_F(MirrorCredentialsTest, APortWithoutTlsIsNotTheRightOne) {
  Listener open(grpc::InsecureServerCredentials());
  ExpectRefused(CallAs(*nias_, open, "hub"), open, "speaks no TLS");
  EXPECT_EQ(ExplainLink("hub", "Connection refused"), "Connection refused");
}

TEST_F(MirrorCredentialsTest, OnAListenerWithoutTlsNobodyIsAnybody) {
  Listener open(grpc::InsecureServerCredentials());
  Call(open.address, grpc::InsecureChannelCredentials(), "");
  const auto callers = open.doorkeeper.callers();
  ASSERT_EQ(callers.size(), 1u);
  EXPECT_EQ(callers[0].status().code(), absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace tikar::server
