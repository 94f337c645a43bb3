// Requests and certificates that no tikard makes: what is taken, and what is not.
#include "server/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tikar::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kToday = 1'795'000'000;  // 2026-11-18

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Name = std::pair<int, std::string>;  // GEN_DNS, GEN_URI, GEN_EMAIL and the text

Key Ed25519() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}; }
Key P256() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free}; }

std::string PemOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string PemOf(const Key& key) {
  BIO* const bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr),
            1);
  return PemOf(bio);
}

// A request for `key` that asks for `names`, signed by `signer`.
std::string RequestFor(const Key& key, const std::vector<Name>& names, const Key& signer) {
  X509_REQ* const request = X509_REQ_new();
  X509_REQ_set_version(request, 0);
  X509_REQ_set_pubkey(request, key.get());
  GENERAL_NAMES* const list = GENERAL_NAMES_new();
  for (const auto& [type, text] : names) {
    ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
    GENERAL_NAME* const name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, type, value);
    sk_GENERAL_NAME_push(list, name);
  }
  if (!names.empty()) {
    STACK_OF(X509_EXTENSION)* extensions = nullptr;
    X509V3_add1_i2d(&extensions, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT);
    X509_REQ_add_extensions(request, extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
  GENERAL_NAMES_free(list);
  const bool own_digest = EVP_PKEY_id(signer.get()) == EVP_PKEY_ED25519;
  EXPECT_GT(X509_REQ_sign(request, signer.get(), own_digest ? nullptr : EVP_sha256()), 0);
  BIO* const bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(PEM_write_bio_X509_REQ(bio, request), 1);
  X509_REQ_free(request);
  return PemOf(bio);
}

const Name kNias = {GEN_URI, "tikar://node/nias"};
const Name kNiasDns = {GEN_DNS, "nias.tikar.internal"};

std::string WhyNot(const std::vector<Name>& names) {
  const Key key = Ed25519();
  const auto parsed = ParseRequest(RequestFor(key, names, key));
  EXPECT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

TEST(CertificateTest, ARequestOfAnotherToolIsAsGoodAsOurs) {
  const Key key = Ed25519();
  const auto parsed =
      ParseRequest(RequestFor(key, {kNias, {GEN_DNS, "nias.example.go.id"}, kNiasDns}, key));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->name, "nias");
  EXPECT_THAT(parsed->hosts, ElementsAre("nias.example.go.id"));
  EXPECT_EQ(PemOf(key).substr(0, 27), "-----BEGIN PRIVATE KEY-----");
  EXPECT_EQ(KeyFromPem(PemOf(key))->public_key(), parsed->key);
}

TEST(CertificateTest, ARequestNamesOneNodeAndNothingThatIsAnothers) {
  EXPECT_THAT(WhyNot({}), HasSubstr("names no node"));
  EXPECT_THAT(WhyNot({kNias}), HasSubstr("names no node"));
  EXPECT_THAT(WhyNot({kNiasDns}), HasSubstr("names no node"));
  EXPECT_THAT(WhyNot({kNias, {GEN_DNS, "hub.tikar.internal"}}), HasSubstr("names no node"));
  EXPECT_THAT(WhyNot({kNias, kNiasDns, {GEN_DNS, "hub.tikar.internal"}}),
              HasSubstr("hub.tikar.internal"));
  EXPECT_THAT(WhyNot({kNias, kNiasDns, {GEN_URI, "tikar://node/hub"}}),
              HasSubstr("tikar://node/hub"));
  EXPECT_THAT(WhyNot({kNias, kNiasDns, {GEN_DNS, "*.example.go.id"}}), HasSubstr("*.example"));
  EXPECT_THAT(WhyNot({kNias, kNiasDns, {GEN_DNS, std::string("hub\0.go.id", 10)}}),
              HasSubstr("that no node is called"));
  EXPECT_THAT(WhyNot({{GEN_URI, "tikar://node/Nias"}, kNiasDns}), HasSubstr("Nias"));
  EXPECT_THAT(WhyNot({{GEN_URI, std::string("tikar://node/nias\0", 18)}, kNiasDns}),
              HasSubstr("that no node is called"));
  EXPECT_THAT(WhyNot({kNias, kNiasDns, {GEN_EMAIL, "ani@example.go.id"}}),
              HasSubstr("that no node is called"));
  EXPECT_THAT(WhyNot({kNias, kNiasDns, {GEN_URI, "https://example.go.id"}}),
              HasSubstr("https://example.go.id"));
}

TEST(CertificateTest, NobodyGivesRegionsToHimself) {
  EXPECT_THAT(WhyNot({kNias, kNiasDns, {GEN_URI, "tikar://region/*"}}),
              HasSubstr("given by whoever signs"));
  EXPECT_THAT(WhyNot({kNias, kNiasDns, {GEN_URI, "tikar://region/12.04.01"}}),
              HasSubstr("that no node is called"));
}

TEST(CertificateTest, ARequestIsForTheKeyThatSignedIt) {
  const Key key = Ed25519(), other = Ed25519(), curve = P256();
  EXPECT_THAT(
      std::string(ParseRequest(RequestFor(key, {kNias, kNiasDns}, other)).status().message()),
      HasSubstr("not signed by the key"));
  EXPECT_THAT(
      std::string(ParseRequest(RequestFor(curve, {kNias, kNiasDns}, curve)).status().message()),
      HasSubstr("Ed25519"));
  EXPECT_THAT(std::string(KeyFromPem(PemOf(curve)).status().message()), HasSubstr("Ed25519"));
}

TEST(CertificateTest, AKeyWithAPasswordIsRefusedAndNobodyIsAsked) {
  const Key key = Ed25519();
  BIO* const bio = BIO_new(BIO_s_mem());
  char password[] = "rahasia";
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(bio, key.get(), EVP_aes_256_cbc(), password,
                                          sizeof(password) - 1, nullptr, nullptr),
            1);
  EXPECT_THAT(std::string(KeyFromPem(PemOf(bio)).status().message()), HasSubstr("password"));
}

TEST(CertificateTest, WhatIsIssuedSaysJustWhatTheSignerSaid) {
  const std::string authority_key = NewKeyPem();
  const auto authority = MakeAuthority(authority_key, kToday);
  ASSERT_TRUE(authority.ok()) << authority.status();
  NodeRequest request;
  request.name = "nias";
  request.hosts = {"fd00::12", "nias.example.go.id", "10.12.4.1"};
  request.key = KeyFromPem(NewKeyPem())->public_key();
  const auto pem = IssueCertificate(*authority, authority_key, request, {"12", "21.71"}, kToday);
  ASSERT_TRUE(pem.ok()) << pem.status();
  const auto certificate = ParseCertificate(*pem);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->name, "nias");
  EXPECT_EQ(certificate->hosts, request.hosts);
  EXPECT_THAT(certificate->regions, ElementsAre("12", "21.71"));
  EXPECT_EQ(certificate->key, request.key);
  EXPECT_EQ(certificate->not_before_s, kToday - kCertificateBackdatedSeconds);
  EXPECT_EQ(certificate->not_after_s, kToday + kCertificateDays * kDaySeconds);
  EXPECT_TRUE(CheckSignedBy(*pem, *authority).ok());
  const auto again = IssueCertificate(*authority, authority_key, request, {"12"}, kToday);
  EXPECT_NE(ParseCertificate(*again)->serial, certificate->serial);

  const std::string other_key = NewKeyPem();
  EXPECT_FALSE(CheckSignedBy(*pem, *MakeAuthority(other_key, kToday)).ok());
  EXPECT_EQ(IssueCertificate(*authority, other_key, request, {"12"}, kToday).status().code(),
            absl::StatusCode::kFailedPrecondition);
  for (const std::vector<std::string>& regions :
       {std::vector<std::string>{},
        {"12.04.01"},
        {"all"},
        {""},
        std::vector<std::string>(kCertificateRegionsMax + 1, "12")}) {
    EXPECT_EQ(IssueCertificate(*authority, authority_key, request, regions, kToday).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(CertificateTest, ASignatureIsCheckedAndNotOnlyTheNamesInIt) {
  const std::string authority_key = NewKeyPem();
  const auto authority = MakeAuthority(authority_key, kToday);
  NodeRequest request;
  request.name = "nias";
  request.key = KeyFromPem(NewKeyPem())->public_key();
  const auto pem = IssueCertificate(*authority, authority_key, request, {"12"}, kToday);
  ASSERT_TRUE(pem.ok()) << pem.status();
  // The last 64 bytes are the signature.
  std::string forged = *pem;
  char& digit = forged[forged.find("\n-----END") - 20];
  digit = digit == 'A' ? 'B' : 'A';
  EXPECT_EQ(ParseCertificate(forged)->name, "nias");
  EXPECT_FALSE(CheckSignedBy(forged, *authority).ok());
}

TEST(CertificateTest, ANodesCertificateIsForLinksAlone) {
  const std::string authority_key = NewKeyPem();
  const auto authority = MakeAuthority(authority_key, kToday);
  NodeRequest request;
  request.name = "nias";
  request.key = KeyFromPem(NewKeyPem())->public_key();
  const auto pem = IssueCertificate(*authority, authority_key, request, {"12"}, kToday);
  ASSERT_TRUE(pem.ok()) << pem.status();
  BIO* const bio = BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size()));
  X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(X509_get_extension_flags(certificate) & EXFLAG_CA, 0u) << "it signs no others";
  EXPECT_EQ(X509_get_key_usage(certificate), uint32_t{KU_DIGITAL_SIGNATURE});
  EXPECT_EQ(X509_get_extended_key_usage(certificate), uint32_t{XKU_SSL_SERVER | XKU_SSL_CLIENT});
  X509_free(certificate);
}

TEST(CertificateTest, TheLargestCertificateIsReadBack) {
  const std::string authority_key = NewKeyPem();
  const auto authority = MakeAuthority(authority_key, kToday);
  NodeRequest request;
  request.name = std::string(63, 'n');
  request.hosts.assign(kCertificateHostsMax, std::string(63, 'h') + ".example.go.id");
  request.key = KeyFromPem(NewKeyPem())->public_key();
  const std::vector<std::string> regions(kCertificateRegionsMax, "12.04");
  const auto pem = IssueCertificate(*authority, authority_key, request, regions, kToday);
  ASSERT_TRUE(pem.ok()) << pem.status();
  EXPECT_LT(pem->size() + authority->size(), kPemBytesMax);
  const auto certificate = ParseCertificate(*pem);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->regions, regions);
  EXPECT_EQ(certificate->hosts, request.hosts);
}

TEST(CertificateTest, AFileOfCertificatesIsTakenApartWholeOrNotAtAll) {
  const std::string one = *MakeAuthority(NewKeyPem(), kToday);
  const std::string two = *MakeAuthority(NewKeyPem(), kToday);
  EXPECT_THAT(*SplitCertificates(one + two), ElementsAre(one, two));
  EXPECT_THAT(*SplitCertificates("\n" + one + "\n\n" + two), ElementsAre(one, two));
  EXPECT_TRUE(SplitCertificates("")->empty());
  for (const std::string& bad : {one + "x", "x" + one, one + NewKeyPem(), one.substr(0, 100),
                                 std::string(kPemBytesMax + 1, '\n')}) {
    EXPECT_EQ(SplitCertificates(bad).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tikar::server
