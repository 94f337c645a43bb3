// Certificates and the files of a node's identity.
#include "server/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "identity_fixture.h"
#include "server/identity_files.h"

namespace tikar::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kToday = 1'795'000'000;  // 2026-11-18

mode_t Mode(const std::string& path) {
  struct stat found = {};
  EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777;
}

std::set<std::string> FilesIn(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

class IdentityTest : public IdentityFixture {
 protected:
  void SetUp() override {
    IdentityFixture::SetUp();
    hub_ = MakeFirst(Directory("hub"), "hub", {"*"}, kToday);
    ASSERT_NE(hub_, nullptr);
  }
  // What the CA of the hub answers to a request.
  absl::StatusOr<Signed> SignAtHub(const std::string& request_pem,
                                   const std::vector<std::string>& regions, bool replace = false,
                                   int64_t now_s = kToday) {
    return SignRequest(Directory("hub"), request_pem, regions, replace, now_s);
  }
  std::shared_ptr<const Identity> hub_;
};

TEST_F(IdentityTest, TheFirstNodeHasAKeyACertificateAndACaOfItsOwn) {
  const auto made = SetUpFirstNode(Directory("kerinci"), "kerinci", {"15.01", "15.71"},
                                   {"kerinci.example.go.id", "10.15.1.2", "fd00::15"}, kToday);
  ASSERT_TRUE(made.ok()) << made.status();
  const Identity& kerinci = *made->identity;
  EXPECT_EQ(kerinci.name(), "kerinci");
  EXPECT_THAT(kerinci.regions(), ElementsAre("15.01", "15.71"));
  EXPECT_THAT(kerinci.hosts(), ElementsAre("kerinci.example.go.id", "10.15.1.2", "fd00::15"));
  EXPECT_EQ(kerinci.certificate().not_after_s, kToday + kCertificateDays * kDaySeconds);
  EXPECT_EQ(kerinci.authority().not_after_s, kToday + kAuthorityDays * kDaySeconds);
  EXPECT_NE(kerinci.authority().key, kerinci.public_key());
  const sync::Signature signature = kerinci.Sign("tikar/15.01/0123456789abcdef\n12\n");
  EXPECT_TRUE(sync::Verify(kerinci.public_key(), "tikar/15.01/0123456789abcdef\n12\n", signature));

  EXPECT_THAT(FilesIn(Directory("kerinci")),
              ElementsAre("ca.crt", "ca.key", "issued", "node.crt", "node.key"));
  EXPECT_EQ(Mode(Directory("kerinci")), 0700u);
  EXPECT_EQ(Mode(kerinci.paths().key), 0600u);
  EXPECT_EQ(Mode(kerinci.paths().authority_key), 0600u);
}

TEST_F(IdentityTest, MakingItAgainChangesNothingAndAnotherIsRefused) {
  const std::string key = Contents(hub_->paths().key);
  const auto again = SetUpFirstNode(Directory("hub"), "hub", {"*"}, {}, kToday + 5);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(again->identity->certificate().serial, hub_->certificate().serial);
  for (const auto& other : {SetUpFirstNode(Directory("hub"), "kerinci", {"*"}, {}, kToday),
                            SetUpFirstNode(Directory("hub"), "hub", {"15.01"}, {}, kToday),
                            SetUpFirstNode(Directory("hub"), "hub", {"*"}, {"10.1.1.1"}, kToday)}) {
    EXPECT_EQ(other.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(other.status().message()), HasSubstr("is the identity of hub"));
  }
  EXPECT_EQ(Contents(hub_->paths().key), key);
  EXPECT_EQ(Contents(hub_->paths().certificate), hub_->certificate_pem());
}

// A power failure after each of the files: what is there counts, the rest is made.
TEST_F(IdentityTest, WhatWasInterruptedIsFinished) {
  const std::vector<std::string> in_order = {"ca.key", "ca.crt", "node.key", "issued"};
  for (size_t written = 0; written <= in_order.size(); ++written) {
    const std::string directory = Directory(absl::StrCat("after-", written));
    std::filesystem::create_directories(directory);
    for (size_t i = 0; i < written; ++i) {
      std::filesystem::copy(Directory("hub") + "/" + in_order[i], directory + "/" + in_order[i]);
    }
    const auto made = SetUpFirstNode(directory, "hub", {"*"}, {}, kToday);
    ASSERT_TRUE(made.ok()) << written << ": " << made.status();
    for (size_t i = 0; i < written && i < 3; ++i) {
      EXPECT_EQ(Contents(directory + "/" + in_order[i]),
                Contents(Directory("hub") + "/" + in_order[i]))
          << in_order[i] << " after " << written;
    }
  }
}

TEST_F(IdentityTest, AFurtherNodeIsLetInWithoutItsKeyLeavingIt) {
  const auto request = RequestIdentity(Directory("nias"), "nias", {"10.12.4.1"});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(FilesIn(Directory("nias")), ElementsAre("node.key"));
  const auto waiting = Identity::Load(Directory("nias"));
  EXPECT_EQ(waiting.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(waiting.status().message()), HasSubstr("no certificate yet"));

  const auto answer = SignAtHub(request->request_pem, {"12.04", "12.14"});
  ASSERT_TRUE(answer.ok()) << answer.status();
  for (const std::string& carried : {request->request_pem, answer->answer_pem}) {
    EXPECT_THAT(carried, ::testing::Not(HasSubstr("PRIVATE")));
  }
  const auto installed = InstallIdentity(Directory("nias"), answer->answer_pem, kToday);
  ASSERT_TRUE(installed.ok()) << installed.status();
  const Identity& nias = *installed->identity;
  EXPECT_EQ(nias.name(), "nias");
  EXPECT_EQ(nias.public_key(), request->key);
  EXPECT_THAT(nias.hosts(), ElementsAre("10.12.4.1"));
  EXPECT_EQ(nias.authority().key, hub_->authority().key);
  EXPECT_TRUE(nias.MayLogFor("12.04"));
  EXPECT_FALSE(nias.MayLogFor("12.01"));
  EXPECT_THAT(FilesIn(Directory("nias")), ElementsAre("ca.crt", "node.crt", "node.key"));
  // Every step again: nothing new.
  const auto same = InstallIdentity(Directory("nias"), answer->answer_pem, kToday);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_TRUE(same->unchanged);
  EXPECT_EQ(RequestIdentity(Directory("nias"), "nias", {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(IdentityTest, AskingAgainAsksForTheSameKey) {
  const auto first = RequestIdentity(Directory("nias"), "nias", {});
  const auto second = RequestIdentity(Directory("nias"), "nias", {"10.12.4.1"});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->key, second->key);
}

TEST_F(IdentityTest, ARequestThatWasChangedOnItsWayIsNotSigned) {
  const auto request = RequestIdentity(Directory("nias"), "nias", {});
  ASSERT_TRUE(request.ok());
  const size_t begin = request->request_pem.find('\n') + 1;
  // Of the last four characters some bits count for nothing.
  const size_t end = request->request_pem.find("\n-----END") - 4;
  for (size_t at = begin; at < end; ++at) {
    std::string changed = request->request_pem;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    if (changed == request->request_pem) continue;
    EXPECT_FALSE(SignAtHub(changed, {"12.04"}).ok()) << "byte " << at;
  }
  EXPECT_TRUE(SignAtHub(request->request_pem, {"12.04"}).ok());
  // Nor what is something else.
  for (const std::string& other :
       {std::string(), hub_->certificate_pem(), Contents(hub_->paths().key), std::string("nias")}) {
    EXPECT_EQ(SignAtHub(other, {"12.04"}).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(IdentityTest, OneNameOneKey) {
  const auto nias = RequestIdentity(Directory("nias"), "nias", {});
  const auto other = RequestIdentity(Directory("other"), "nias", {});
  const auto renamed = RequestIdentity(Directory("nias"), "nias-selatan", {});
  ASSERT_TRUE(nias.ok() && other.ok() && renamed.ok());
  ASSERT_TRUE(SignAtHub(nias->request_pem, {"12.04"}).ok());
  EXPECT_TRUE(SignAtHub(nias->request_pem, {"12.04"}).ok()) << "the same again";
  const auto second = SignAtHub(other->request_pem, {"12.04"});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another key"));
  EXPECT_EQ(SignAtHub(renamed->request_pem, {"12.04"}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  // The old machine burned down.
  EXPECT_TRUE(SignAtHub(other->request_pem, {"12.04"}, /*replace=*/true).ok());
  EXPECT_TRUE(SignAtHub(other->request_pem, {"12.04"}).ok());
  EXPECT_FALSE(SignAtHub(nias->request_pem, {"12.04"}).ok()) << "and is not let in any more";
}

TEST_F(IdentityTest, WhatIsSignedElsewhereOrForOthersIsNotInstalled) {
  const auto nias = RequestIdentity(Directory("nias"), "nias", {});
  const auto kerinci = RequestIdentity(Directory("kerinci"), "kerinci", {});
  ASSERT_TRUE(nias.ok() && kerinci.ok());
  const auto for_nias = SignAtHub(nias->request_pem, {"12.04"});
  const auto for_kerinci = SignAtHub(kerinci->request_pem, {"15.01"});
  ASSERT_TRUE(for_nias.ok() && for_kerinci.ok());
  const auto refused = [&](const std::string& answer, const std::string& why) {
    const auto installed = InstallIdentity(Directory("nias"), answer, kToday);
    EXPECT_FALSE(installed.ok()) << why;
    EXPECT_THAT(std::string(installed.status().message()), HasSubstr(why));
    EXPECT_FALSE(std::filesystem::exists(Directory("nias") + "/ca.crt")) << why;
  };
  refused(for_kerinci->answer_pem, "is for the key");
  refused("", "tikard sign");
  refused(hub_->authority_pem(), "tikard sign");
  refused(nias->request_pem, "something else than certificates");
  const auto stranger = MakeFirst(Directory("stranger"), "stranger", {"*"}, kToday);
  refused(SplitCertificates(for_nias->answer_pem)->front() + stranger->authority_pem(),
          "not signed by this CA");
  EXPECT_EQ(InstallIdentity(Directory("empty"), for_nias->answer_pem, kToday).status().code(),
            absl::StatusCode::kNotFound);
  const auto ended = InstallIdentity(Directory("nias"), for_nias->answer_pem,
                                     kToday + (kCertificateDays + 1) * kDaySeconds);
  EXPECT_THAT(std::string(ended.status().message()), HasSubstr("ended on 2028-11-17"));

  ASSERT_TRUE(InstallIdentity(Directory("nias"), for_nias->answer_pem, kToday).ok());
  const auto other_network =
      SignRequest(Directory("stranger"), nias->request_pem, {"12.04"}, false, kToday);
  ASSERT_TRUE(other_network.ok());
  const auto moved = InstallIdentity(Directory("nias"), other_network->answer_pem, kToday);
  EXPECT_THAT(std::string(moved.status().message()), HasSubstr("another CA"));
}

TEST_F(IdentityTest, ARenewalKeepsTheKeyAndNothingOlderReplacesIt) {
  const int64_t later = kToday + 700 * kDaySeconds;
  const auto nias = Join(Directory("hub"), "nias", {"12.04"}, kToday);
  ASSERT_NE(nias, nullptr);
  const std::string key = Contents(nias->paths().key);
  const auto request = RequestRenewal(Directory("nias"), {});
  ASSERT_TRUE(request.ok()) << request.status();
  const auto before = SignAtHub(request->request_pem, {"12.04"});
  const auto answer = SignAtHub(request->request_pem, {"12.04", "12.14"}, false, later);
  ASSERT_TRUE(before.ok() && answer.ok());
  const auto renewed = InstallIdentity(Directory("nias"), answer->answer_pem, later);
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  EXPECT_EQ(renewed->identity->public_key(), nias->public_key());
  EXPECT_TRUE(renewed->identity->MayLogFor("12.14"));
  EXPECT_EQ(Contents(nias->paths().key), key);
  const auto back = InstallIdentity(Directory("nias"), before->answer_pem, later);
  EXPECT_THAT(std::string(back.status().message()), HasSubstr("is older than"));

  const auto hub = RenewHere(Directory("hub"), Directory("hub"), {}, {"10.1.1.1"}, later);
  ASSERT_TRUE(hub.ok()) << hub.status();
  EXPECT_THAT(hub->identity->regions(), ElementsAre("*"));
  EXPECT_THAT(hub->identity->hosts(), ElementsAre("10.1.1.1"));
  EXPECT_EQ(hub->identity->certificate().not_after_s, later + kCertificateDays * kDaySeconds);
  EXPECT_EQ(hub->identity->public_key(), hub_->public_key());
  EXPECT_EQ(RenewHere(Directory("nias"), Directory("nias"), {}, {}, later).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(IdentityTest, NoCertificateOutlivesItsCa) {
  const int64_t nearly = kToday + (kAuthorityDays - 30) * kDaySeconds;
  const auto request = RequestIdentity(Directory("nias"), "nias", {});
  const auto answer = SignAtHub(request->request_pem, {"12.04"}, false, nearly);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->certificate.not_after_s, hub_->authority().not_after_s);
  const auto after =
      SignAtHub(request->request_pem, {"12.04"}, false, kToday + kAuthorityDays * kDaySeconds);
  EXPECT_EQ(after.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(IdentityTest, TheCaMayLieElsewhere) {
  const std::string safe = root_ + "/safe";
  std::filesystem::create_directories(safe);
  for (const char* file : {"/ca.key", "/issued"}) {
    std::filesystem::rename(Directory("hub") + file, safe + file);
  }
  std::filesystem::copy(Directory("hub") + "/ca.crt", safe + "/ca.crt");
  const auto request = RequestIdentity(Directory("nias"), "nias", {});
  const auto not_here = SignAtHub(request->request_pem, {"12.04"});
  EXPECT_EQ(not_here.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(not_here.status().message()), HasSubstr("--ca DIRECTORY"));
  EXPECT_TRUE(SignRequest(safe, request->request_pem, {"12.04"}, false, kToday).ok());
  EXPECT_TRUE(RenewHere(Directory("hub"), safe, {}, {}, kToday).ok());
  EXPECT_TRUE(Identity::Load(Directory("hub")).ok()) << "it does not need the CA's key";
}

TEST_F(IdentityTest, FilesThatDoNotBelongTogetherAreNamed) {
  const auto says = [&](const std::string& what) {
    const auto loaded = Identity::Load(Directory("hub"));
    EXPECT_EQ(loaded.status().code(), absl::StatusCode::kFailedPrecondition) << what;
    EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(what));
  };
  EXPECT_EQ(Identity::Load(Directory("nobody")).status().code(), absl::StatusCode::kNotFound);

  chmod(hub_->paths().key.c_str(), 0640);
  says("chmod 600");
  chmod(hub_->paths().key.c_str(), 0600);
  ASSERT_TRUE(Identity::Load(Directory("hub")).ok());

  const auto stranger = MakeFirst(Directory("stranger"), "stranger", {"*"}, kToday);
  const auto put = [&](const std::string& from, const std::string& to) {
    std::filesystem::copy(from, to, std::filesystem::copy_options::overwrite_existing);
  };
  put(stranger->paths().certificate, hub_->paths().certificate);
  says("node.crt is for another key");
  put(stranger->paths().key, hub_->paths().key);
  says("node.crt is signed by another CA");
  put(stranger->paths().authority, hub_->paths().authority);
  EXPECT_TRUE(Identity::Load(Directory("hub")).ok()) << "all three of one network";
  put(stranger->paths().certificate, hub_->paths().authority);
  says("ca.crt is a certificate, but not of a CA");
  put(stranger->paths().authority, hub_->paths().certificate);
  says("node.crt ");
  std::ofstream(hub_->paths().certificate) << "habis\n";
  says("node.crt is no certificate in PEM");
  std::ofstream(hub_->paths().certificate) << std::string(kPemBytesMax + 1, 'x');
  says("too large");
}

TEST_F(IdentityTest, DatesAreToldInTime) {
  const int64_t end = kToday + kCertificateDays * kDaySeconds;
  EXPECT_FALSE(hub_->CheckDates(kToday).has_value());
  EXPECT_FALSE(hub_->CheckDates(kToday - kDaySeconds).has_value()) << "a clock a day behind";
  EXPECT_FALSE(hub_->CheckDates(end - kRenewalDays * kDaySeconds - 1).has_value());
  const auto soon = hub_->CheckDates(end - 12 * kDaySeconds);
  ASSERT_TRUE(soon.has_value());
  EXPECT_TRUE(soon->valid);
  EXPECT_THAT(soon->text, HasSubstr("in 12 days"));
  EXPECT_THAT(soon->text, HasSubstr("tikard renew"));
  const auto over = hub_->CheckDates(end);
  ASSERT_TRUE(over.has_value());
  EXPECT_FALSE(over->valid);
  const auto battery = hub_->CheckDates(0);
  ASSERT_TRUE(battery.has_value());
  EXPECT_FALSE(battery->valid);
  EXPECT_THAT(battery->text, HasSubstr("1970-01-01"));
  EXPECT_THAT(battery->text, HasSubstr("Set the clock"));
}

TEST(PeerIdentityTest, MayLogForWhatItsCertificateLists) {
  PeerIdentity peer;
  EXPECT_FALSE(peer.MayLogFor("15.01"));
  peer.regions = {"15.01", "73"};
  EXPECT_TRUE(peer.MayLogFor("15.01"));
  EXPECT_TRUE(peer.MayLogFor("73.71")) << "the whole province";
  EXPECT_FALSE(peer.MayLogFor("15.02"));
  EXPECT_FALSE(peer.MayLogFor("15")) << "more than was given";
  peer.regions = {"*"};
  EXPECT_TRUE(peer.MayLogFor("15.02"));
}

TEST_F(IdentityTest, APeerIsReadOutOfItsCertificateOrNotAtAll) {
  const auto nias = Join(Directory("hub"), "nias", {"12.04"}, kToday);
  const auto peer = PeerIdentity::FromCertificate(nias->certificate_pem());
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->name, "nias");
  EXPECT_EQ(peer->key, nias->public_key());
  EXPECT_EQ(peer->not_after_s, nias->certificate().not_after_s);
  for (const std::string& other :
       {hub_->authority_pem(), Contents(nias->paths().key), std::string()}) {
    EXPECT_EQ(PeerIdentity::FromCertificate(other).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (size_t size = 0; size + 2 < nias->certificate_pem().size(); size += 7) {
    EXPECT_FALSE(PeerIdentity::FromCertificate(nias->certificate_pem().substr(0, size)).ok());
  }
}

TEST(NodeNamesTest, HostsAreNamesOrAddressesAndNeverAnotherNodesName) {
  for (const char* good : {"kerinci.example.go.id", "hub", "10.15.1.2", "fd00::15", "a-b.c"}) {
    EXPECT_TRUE(IsHost(good)) << good;
  }
  for (const char* bad :
       {"", "hub:50152", "10.15.1", "10.15.1.256", "-a", "a-", "a..b", "a b", "hub.tikar.internal",
        "HUB.Tikar.Internal", "*.go.id", "kerinci.go.id."}) {
    EXPECT_FALSE(IsHost(bad)) << bad;
  }
}

TEST_F(IdentityTest, BadNamesRegionsAndHostsAreRefusedBeforeAnythingIsMade) {
  for (const auto& made :
       {SetUpFirstNode(Directory("x"), "Kerinci", {"15.01"}, {}, kToday),
        SetUpFirstNode(Directory("x"), "a.b", {"15.01"}, {}, kToday),
        SetUpFirstNode(Directory("x"), "", {"15.01"}, {}, kToday),
        SetUpFirstNode(Directory("x"), "kerinci", {"15.01.06"}, {}, kToday),
        SetUpFirstNode(Directory("x"), "kerinci", {"Kerinci"}, {}, kToday),
        SetUpFirstNode(Directory("x"), "kerinci", {"15.01"}, {"10.1.1.1:50152"}, kToday)}) {
    EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(std::filesystem::exists(Directory("x")));
  EXPECT_FALSE(RequestIdentity(Directory("x"), "nias", {"nias.tikar.internal"}).ok());
  EXPECT_FALSE(std::filesystem::exists(Directory("x")));
}

TEST_F(IdentityTest, AKeyIsNeverWrittenOver) {
  const std::string path = hub_->paths().key;
  const std::string key = Contents(path);
  EXPECT_EQ(WriteNewPrivateFile(path, "other").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReplacePublicFile(path, hub_->certificate_pem()).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Contents(path), key);
  EXPECT_THAT(FilesIn(Directory("hub")),
              ElementsAre("ca.crt", "ca.key", "issued", "node.crt", "node.key"))
      << "nothing is left beside it";
}

}  // namespace
}  // namespace tikar::server
