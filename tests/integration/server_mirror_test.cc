// District servers and a hub as processes, with cables between them that are cut and mended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server_fixture.h"
#include "tcp_relay.h"
#include "tikar/v1/peer_service.grpc.pb.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// As Complaint of the fixture, where the region says.
std::string ComplaintIn(const std::string& region, const std::string& actor, int number) {
  v1::ChangeBody body;
  EXPECT_TRUE(body.ParseFromString(Complaint(actor, number)));
  body.set_region(region);
  body.mutable_mutations(0)->mutable_create()->set_area(region == "15.01" ? "15.01.06"
                                                                          : "12.04.06");
  return body.SerializeAsString();
}

// One tikard that is stopped and started again over the same data.
class Node {
 public:
  Node(std::string name, const TempDirectory& directory, std::vector<std::string> flags)
      : name_(std::move(name)) {
    flags_ = {"--listen",  "127.0.0.1:0",     "--data-dir",           directory / name_,
              "--catalog", kCatalogDirectory, "--mirror-without-tls", name_};
    flags_.insert(flags_.end(), flags.begin(), flags.end());
    Start();
  }
  void Start() {
    tikard_ = std::make_unique<Tikard>(flags_);
    ASSERT_FALSE(tikard_->address().empty()) << tikard_->text();
    channel_ = Connect(tikard_->address());
  }
  void Kill() { EXPECT_TRUE(WIFSIGNALED(tikard_->Kill(SIGKILL))); }
  void Stop() { EXPECT_EQ(WEXITSTATUS(tikard_->Kill(SIGTERM)), 0) << tikard_->text(); }
  const std::string& address() const { return tikard_->address(); }
  const std::string& name() const { return name_; }
  std::string text() const { return tikard_->text(); }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // From a phone, which has its first tick when this returns.
  void File(const std::string& region, int first, int count = 1) {
    const std::string actor = "petugas-" + name_;
    std::vector<std::string> bodies;
    for (int i = 0; i < count; ++i) bodies.push_back(ComplaintIn(region, actor, first + i));
    SyncCall call(channel_);
    ASSERT_TRUE(call.Say(actor, "", /*push_only=*/true));
    ASSERT_TRUE(call.Push(bodies));
    ASSERT_TRUE(call.NextResult());
    for (const v1::ChangeResult& result : call.results) {
      ASSERT_EQ(result.verdict(), v1::VERDICT_ACCEPTED) << result.ShortDebugString();
    }
    call.HalfClose();
    EXPECT_TRUE(call.End().ok());
  }
  v1::Request Get(const std::string& name) const {
    const auto stub = v1::RequestService::NewStub(channel_);
    v1::GetRequestRequest get;
    get.set_name(name);
    v1::GetRequestResponse response;
    const grpc::Status status = Call(*stub, &v1::RequestService::Stub::GetRequest, get, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.request();
  }
  void Comment(const std::string& request, const std::string& text) {
    const auto stub = v1::RequestService::NewStub(channel_);
    v1::UpdateRequestRequest update;
    update.set_name(request);
    update.set_etag(Get(request).etag());
    update.set_actor("admin/" + name_);
    update.set_role("petugas");
    update.set_request_id(Uuid(1));
    v1::AddElement& comment = *update.add_mutations()->mutable_add_element();
    comment.set_collection("comments");
    comment.mutable_value()->set_text(text);
    v1::UpdateRequestResponse response;
    const grpc::Status status =
        Call(*stub, &v1::RequestService::Stub::UpdateRequest, update, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  // Name and canonical bytes of each request of a region, as this node has it.
  std::map<std::string, std::string> Requests(const std::string& region) const {
    const auto stub = v1::RequestService::NewStub(channel_);
    v1::ListRequestsRequest list;
    list.set_parent("regions/" + region);
    list.set_page_size(1'000);
    std::map<std::string, std::string> requests;
    do {
      v1::ListRequestsResponse page;
      const grpc::Status status = Call(*stub, &v1::RequestService::Stub::ListRequests, list, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (v1::Request request : page.requests()) {
        request.clear_feed_position();  // of each node
        requests[request.name()] = request.SerializeAsString();
      }
      list.set_page_token(page.next_page_token());
    } while (!list.page_token().empty());
    return requests;
  }
  std::vector<v1::Peer> Peers() const {
    const auto stub = v1::PeerService::NewStub(channel_);
    v1::ListPeersResponse page;
    const grpc::Status status =
        Call(*stub, &v1::PeerService::Stub::ListPeers, v1::ListPeersRequest(), &page);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {page.peers().begin(), page.peers().end()};
  }
  v1::Peer Peer(const std::string& name) const {
    for (const v1::Peer& peer : Peers()) {
      if (peer.name() == "peers/" + name) return peer;
    }
    return {};
  }
  uint64_t origin() const {
    const auto stub = v1::StatusService::NewStub(channel_);
    v1::GetStatusResponse status;
    EXPECT_TRUE(
        Call(*stub, &v1::StatusService::Stub::GetStatus, v1::GetStatusRequest(), &status).ok());
    return status.origin();
  }

 private:
  const std::string name_;
  std::vector<std::string> flags_;
  std::unique_ptr<Tikard> tikard_;
  std::shared_ptr<grpc::Channel> channel_;
};

// Asks again and again. False: it does not come true.
bool Becomes(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

bool Connected(const Node& node, const std::string& peer) {
  return node.Peer(peer).status().connected();
}

TEST(MirrorTest, AHubAndTwoDistrictsEndWithTheSameAfterTheirCablesWereCut) {
  TempDirectory directory;
  TcpRelay cable_to_kerinci, cable_to_nias;
  Node hub("hub", directory, {});
  cable_to_kerinci.SetTarget(hub.address());
  cable_to_nias.SetTarget(hub.address());
  Node kerinci("kerinci", directory,
               {"--mirror-regions", "15.01", "--peer", "hub=" + cable_to_kerinci.address()});
  Node nias("nias", directory,
            {"--mirror-regions", "12.04", "--peer", "hub=" + cable_to_nias.address()});
  const auto all_the_same = [&] {
    return hub.Requests("15.01") == kerinci.Requests("15.01") &&
           hub.Requests("12.04") == nias.Requests("12.04");
  };

  kerinci.File("15.01", 0, 20);
  nias.File("12.04", 0, 10);
  hub.File("15.01", 100, 5);
  ASSERT_TRUE(Becomes([&] { return hub.Requests("15.01").size() == 25 && all_the_same(); }));
  EXPECT_THAT(hub.Requests("12.04"), SizeIs(10));
  EXPECT_THAT(nias.Requests("15.01"), SizeIs(0)) << "a district mirrors its own regions";

  cable_to_kerinci.Cut();
  cable_to_nias.Cut();
  ASSERT_TRUE(Becomes([&] { return !Connected(kerinci, "hub") && !Connected(hub, "nias"); }));
  // Everybody works on, on the same request too.
  const std::string shared = kerinci.Requests("15.01").begin()->first;
  kerinci.File("15.01", 1'000, 30);
  nias.File("12.04", 1'000, 30);
  hub.File("15.01", 2'000, 30);
  kerinci.Comment(shared, "Dari Kerinci");
  hub.Comment(shared, "Dari provinsi");
  EXPECT_NE(hub.Requests("15.01").at(shared), kerinci.Requests("15.01").at(shared));
  EXPECT_EQ(kerinci.Peer("hub").address(), cable_to_kerinci.address());
  EXPECT_FALSE(kerinci.Peer("hub").status().last_error().empty());

  cable_to_kerinci.Mend();
  cable_to_nias.Mend();
  ASSERT_TRUE(Becomes([&] { return Connected(kerinci, "hub") && all_the_same(); }));
  EXPECT_THAT(hub.Requests("15.01"), SizeIs(85));
  EXPECT_THAT(hub.Requests("12.04"), SizeIs(40));
  EXPECT_THAT(kerinci.Get(shared).elements(), SizeIs(2)) << "both comments";

  // And says so.
  ASSERT_TRUE(Becomes([&] {
    const v1::PeerStatus status = hub.Peer("kerinci").status();
    return status.outgoing().lag_entries() == 0 && status.incoming().lag_entries() == 0;
  }));
  EXPECT_EQ(hub.Peer("kerinci").source(), v1::PEER_SOURCE_INCOMING);
  EXPECT_EQ(kerinci.Peer("hub").source(), v1::PEER_SOURCE_FLAG);
  EXPECT_EQ(kerinci.Peer("hub").status().regions(), 1u);
  nias.Stop();
  kerinci.Stop();
  hub.Stop();
}

TEST(MirrorTest, ALiveChangeIsThereWithinASecond) {
  TempDirectory directory;
  Node hub("hub", directory, {});
  Node kerinci("kerinci", directory, {"--peer", "hub=" + hub.address()});
  ASSERT_TRUE(Becomes([&] { return Connected(kerinci, "hub"); }));
  // A phone that is live at the hub.
  SyncCall phone(hub.channel());
  ASSERT_TRUE(phone.Say("petugas-provinsi"));
  ASSERT_TRUE(phone.CatchUp());
  // The machine may be busy with other things: the quickest of ten counts.
  auto quickest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 10; ++i) {
    const auto began = std::chrono::steady_clock::now();
    kerinci.File("15.01", i);
    while (phone.requests.size() < static_cast<size_t>(i) + 1) ASSERT_TRUE(phone.CatchUp());
    quickest = std::min(quickest, std::chrono::steady_clock::now() - began);
  }
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(quickest).count();
  RecordProperty("quickest_ms", std::to_string(ms));
  std::cout << "from the district's phone to the hub's: " << ms << " ms\n";
  EXPECT_LT(quickest, std::chrono::seconds(1));
  phone.Cancel();
}

TEST(MirrorTest, ANodeThatIsKilledInTheMiddleGetsTheRest) {
  TempDirectory directory;
  TcpRelay cable;
  Node kerinci("kerinci", directory, {"--peer", "hub=" + cable.address()});
  constexpr int kPush = 500, kPushes = 6;
  for (int i = 0; i < kPushes; ++i) kerinci.File("15.01", i * kPush, kPush);
  {
    Node hub("hub", directory, {});
    cable.SetTarget(hub.address());
    ASSERT_TRUE(Becomes([&] { return !hub.Requests("15.01").empty(); }));
    hub.Kill();
  }
  Node hub("hub", directory, {});
  cable.SetTarget(hub.address());
  ASSERT_TRUE(Becomes([&] { return hub.Requests("15.01").size() == kPush * kPushes; }));
  EXPECT_EQ(hub.Requests("15.01"), kerinci.Requests("15.01"));
}

TEST(MirrorTest, PeersAreAddedAndRemovedWhileTheServerRuns) {
  TempDirectory directory;
  Node hub("hub", directory, {});
  Node kerinci("kerinci", directory, {"--mirror-regions", "15.01"});
  const auto create = [&](const std::string& id, const std::string& address,
                          const std::vector<std::string>& regions = {}) {
    v1::CreatePeerRequest request;
    request.set_peer_id(id);
    request.mutable_peer()->set_address(address);
    for (const std::string& region : regions) request.mutable_peer()->add_regions(region);
    v1::CreatePeerResponse response;
    return Call(*v1::PeerService::NewStub(kerinci.channel()), &v1::PeerService::Stub::CreatePeer,
                request, &response);
  };
  const auto remove = [&](const Node& node, const std::string& id) {
    v1::DeletePeerRequest request;
    request.set_name("peers/" + id);
    v1::DeletePeerResponse response;
    return Call(*v1::PeerService::NewStub(node.channel()), &v1::PeerService::Stub::DeletePeer,
                request, &response);
  };
  kerinci.File("15.01", 1);
  ASSERT_TRUE(create("hub", hub.address(), {"15.01"}).ok());
  ASSERT_TRUE(Becomes([&] { return hub.Requests("15.01").size() == 1; }));
  EXPECT_TRUE(create("hub", hub.address(), {"15.01"}).ok()) << "the same again";

  // Mistakes are told, with what to do.
  EXPECT_EQ(create("hub", "127.0.0.1:1").error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(DetailsOf(create("Hub", hub.address())).violations.begin()->first, "peer_id");
  EXPECT_THAT(create("kerinci", hub.address()).error_message(), HasSubstr("own name"));
  EXPECT_EQ(DetailsOf(create("nias", "nowhere")).violations.begin()->first, "peer.address");
  EXPECT_THAT(create("nias", "10.12.4.1:50152").error_message(), HasSubstr("tikard init"));
  EXPECT_EQ(DetailsOf(create("nias", hub.address(), {"12.04"})).violations.begin()->first,
            "peer.regions");
  EXPECT_EQ(remove(kerinci, "nias").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(remove(hub, "kerinci").error_code(), grpc::StatusCode::FAILED_PRECONDITION)
      << "it dials the hub, and is removed there";

  // It is known after a restart.
  kerinci.Kill();
  kerinci.Start();
  kerinci.File("15.01", 2);
  ASSERT_TRUE(Becomes([&] { return hub.Requests("15.01").size() == 2; }));

  ASSERT_TRUE(remove(kerinci, "hub").ok());
  ASSERT_TRUE(Becomes([&] { return !Connected(hub, "kerinci"); }));
  EXPECT_THAT(kerinci.Peers(), SizeIs(0)) << "gone at once";
  kerinci.Kill();
  kerinci.Start();
  EXPECT_THAT(kerinci.Peers(), SizeIs(0));
}

TEST(MirrorTest, APeerUnderTheWrongNameIsToldInItsStatus) {
  TempDirectory directory;
  Node hub("hub", directory, {});
  Node kerinci("kerinci", directory, {"--peer", "nias=" + hub.address()});
  ASSERT_TRUE(Becomes([&] { return !kerinci.Peer("nias").status().last_error().empty(); }));
  EXPECT_THAT(kerinci.Peer("nias").status().last_error(),
              HasSubstr("the node at this address is hub and not nias"));
}

TEST(MirrorTest, FlagsThatDoNotGoTogetherAreRefused) {
  TempDirectory directory;
  const auto why = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--listen", "127.0.0.1:0", "--data-dir", directory / "data",
                               "--catalog", kCatalogDirectory});
    Tikard tikard(std::move(flags));
    EXPECT_TRUE(tikard.address().empty());
    tikard.Wait();
    return tikard.text();
  };
  EXPECT_THAT(why({"--peer", "hub=127.0.0.1:1"}), HasSubstr("tikard init"));
  EXPECT_THAT(why({"--peer", "hub"}), HasSubstr("NAME=HOST:PORT"));
  EXPECT_THAT(why({"--mirror-without-tls", "kerinci", "--peer", "hub=10.1.1.1:50152"}),
              HasSubstr("nodes on this machine"));
  EXPECT_THAT(why({"--mirror-without-tls", "Kerinci!"}), HasSubstr("is no name of a node"));
  EXPECT_FALSE(std::filesystem::exists(directory / "data"));
}

}  // namespace
}  // namespace tikar::server
