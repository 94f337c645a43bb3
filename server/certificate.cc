#include "server/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "sync/peers.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

constexpr absl::string_view kNodeUri = "tikar://node/";
constexpr absl::string_view kRegionUri = "tikar://region/";
constexpr absl::string_view kBeginCertificate = "-----BEGIN CERTIFICATE-----";
constexpr absl::string_view kEndCertificate = "-----END CERTIFICATE-----";
// X.509 versions count from zero: certificates are v3, requests v1.
constexpr long kCertificateVersion = 2;
constexpr long kRequestVersion = 0;
// A serial number is positive and at most 20 bytes; 16 random ones never meet.
constexpr int kSerialBytes = 16;

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
void FreeExtensions(STACK_OF(X509_EXTENSION) * extensions) {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Extensions = std::unique_ptr<STACK_OF(X509_EXTENSION), Free<FreeExtensions>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;

// Of what must succeed unless memory is short. OpenSSL keeps a queue of errors for each thread;
// what we expect to fail must not leave anything there for gRPC, which reads the same queue.
class QuietErrors {
 public:
  QuietErrors() { ERR_set_mark(); }
  ~QuietErrors() { ERR_pop_to_mark(); }
};

Bio Open(const std::string& text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(std::min(text.size(), kPemBytesMax))));
  CHECK(bio != nullptr);
  return bio;
}

template <typename Write>
std::string ToPem(const Write& write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  CHECK(bio != nullptr && write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

// Nobody is at a terminal to type a password.
int NoPassword(char*, int, int, void*) { return -1; }

absl::StatusOr<Key> ReadKey(const std::string& pem) {
  const QuietErrors quiet;
  Key key(PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError("is no private key in PEM, or is protected by a password");
  }
  if (EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError("is a private key, but not of Ed25519");
  }
  return key;
}

absl::StatusOr<Certificate> ReadCertificate(const std::string& pem) {
  const QuietErrors quiet;
  Certificate certificate(PEM_read_bio_X509(Open(pem).get(), nullptr, NoPassword, nullptr));
  if (certificate == nullptr) return absl::InvalidArgumentError("is no certificate in PEM");
  return certificate;
}

absl::StatusOr<sync::PublicKey> PublicKeyOf(EVP_PKEY* key) {
  const QuietErrors quiet;
  std::array<uint8_t, sync::PublicKey::kSize> bytes;
  size_t size = bytes.size();
  if (key == nullptr || EVP_PKEY_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) != 1 || size != bytes.size()) {
    return absl::InvalidArgumentError("is not for an Ed25519 key");
  }
  return sync::PublicKey(bytes);
}

int64_t Seconds(const ASN1_TIME* time) {
  tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return timegm(&parts);
}

void SetDates(X509* certificate, int64_t not_before_s, int64_t not_after_s) {
  CHECK(ASN1_TIME_set(X509_getm_notBefore(certificate), not_before_s) != nullptr);
  CHECK(ASN1_TIME_set(X509_getm_notAfter(certificate), not_after_s) != nullptr);
}

void SetSerial(X509* certificate) {
  std::array<uint8_t, kSerialBytes> bytes;
  CHECK(RAND_bytes(bytes.data(), kSerialBytes) == 1);
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x7f) | 0x40);  // positive, always the same length
  const Number number(BN_bin2bn(bytes.data(), kSerialBytes, nullptr));
  CHECK(number != nullptr);
  CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

std::string SerialOf(const X509* certificate) {
  const Number number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  if (number == nullptr) return "";
  const std::unique_ptr<char, void (*)(char*)> hex(BN_bn2hex(number.get()),
                                                   [](char* text) { OPENSSL_free(text); });
  return hex == nullptr ? "" : hex.get();
}

void SetCommonName(X509_NAME* subject, const std::string& name) {
  CHECK(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.data()),
                                   static_cast<int>(name.size()), -1, 0) == 1);
}

// `value` as in openssl.cnf, and a constant: nothing from outside may come into that syntax.
void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  CHECK(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void AddText(GENERAL_NAMES* names, int type, const std::string& text) {
  ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
  GENERAL_NAME* const name = GENERAL_NAME_new();
  CHECK(value != nullptr && name != nullptr &&
        ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1);
  GENERAL_NAME_set0_value(name, type, value);
  CHECK(sk_GENERAL_NAME_push(names, name) > 0);
}

void AddHost(GENERAL_NAMES* names, const std::string& host) {
  if (!IsIpAddress(host)) return AddText(names, GEN_DNS, host);
  ASN1_OCTET_STRING* const value = a2i_IPADDRESS(host.c_str());
  GENERAL_NAME* const name = GENERAL_NAME_new();
  CHECK(value != nullptr && name != nullptr);
  GENERAL_NAME_set0_value(name, GEN_IPADD, value);
  CHECK(sk_GENERAL_NAME_push(names, name) > 0);
}

Names MakeNames(const std::string& name, const std::vector<std::string>& hosts,
                const std::vector<std::string>& regions) {
  Names names(GENERAL_NAMES_new());
  CHECK(names != nullptr);
  AddText(names.get(), GEN_DNS, NodeDnsName(name));
  for (const std::string& host : hosts) AddHost(names.get(), host);
  AddText(names.get(), GEN_URI, absl::StrCat(kNodeUri, name));
  for (const std::string& region : regions) {
    AddText(names.get(), GEN_URI, absl::StrCat(kRegionUri, region));
  }
  return names;
}

std::string TextOf(const ASN1_STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

std::string AddressOf(const ASN1_OCTET_STRING* address) {
  const int family = ASN1_STRING_length(address) == sizeof(in_addr)    ? AF_INET
                     : ASN1_STRING_length(address) == sizeof(in6_addr) ? AF_INET6
                                                                       : AF_UNSPEC;
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (family == AF_UNSPEC ||
      inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size()) == nullptr) {
    return "";
  }
  return text.data();
}

struct ReadNames {
  std::string name;
  std::vector<std::string> regions;
  std::vector<std::string> hosts;
};

// What stands in a list of subject alternative names, nothing of which is unknown to us.
absl::StatusOr<ReadNames> FromNames(const GENERAL_NAMES* names) {
  ReadNames read;
  std::string dns_name;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
    const std::string text =
        type == GEN_URI || type == GEN_DNS ? TextOf(static_cast<const ASN1_STRING*>(value))
        : type == GEN_IPADD                ? AddressOf(static_cast<const ASN1_OCTET_STRING*>(value))
                                           : "";
    absl::string_view rest = text;
    if (type == GEN_URI && absl::ConsumePrefix(&rest, kNodeUri) && read.name.empty() &&
        sync::IsNodeName(sync::StdView(rest))) {
      read.name = std::string(rest);
    } else if (type == GEN_URI && absl::ConsumePrefix(&rest, kRegionUri) &&
               sync::IsMirrorPrefix(sync::StdView(rest))) {
      read.regions.emplace_back(rest);
    } else if (type == GEN_DNS && absl::EndsWith(text, kNodeDomain) && dns_name.empty()) {
      dns_name = text;
    } else if ((type == GEN_DNS || type == GEN_IPADD) && IsHost(text)) {
      read.hosts.push_back(text);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("names something that no node is called: \"", text, "\""));
    }
  }
  if (read.name.empty() || dns_name != NodeDnsName(read.name)) {
    return absl::InvalidArgumentError("names no node");
  }
  if (read.regions.size() > kCertificateRegionsMax || read.hosts.size() > kCertificateHostsMax) {
    return absl::InvalidArgumentError("names too many regions or hosts");
  }
  return read;
}

bool IsSelfSigned(X509* certificate) {
  const QuietErrors quiet;
  return X509_self_signed(certificate, /*verify_signature=*/1) == 1;
}

}  // namespace

absl::Status CheckNameAndHosts(std::string_view name, const std::vector<std::string>& hosts) {
  if (!sync::IsNodeName(name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", sync::AbslView(name),
        "\" is no name of a node: 1 to 63 of a-z, 0-9 and, within, -, such as kerinci"));
  }
  if (hosts.size() > kCertificateHostsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a node has at most ", kCertificateHostsMax, " hosts"));
  }
  for (const std::string& host : hosts) {
    if (!IsHost(host)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", host,
                       "\" is no host: give a DNS name or an IP address without a port, such as "
                       "kerinci.example.go.id or 10.15.1.2"));
    }
  }
  return absl::OkStatus();
}

std::string NewKeyPem() {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  CHECK(key != nullptr);
  return ToPem([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

absl::StatusOr<sync::SigningKey> KeyFromPem(const std::string& key_pem) {
  ASSIGN_OR_RETURN(const Key key, ReadKey(key_pem));
  std::string seed(sync::kSigningSeedBytes, '\0');
  size_t size = seed.size();
  CHECK(EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(seed.data()),
                                     &size) == 1);
  const std::optional<sync::SigningKey> signing = sync::SigningKey::FromSeed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  CHECK(signing.has_value());
  return *signing;
}

absl::StatusOr<std::string> MakeAuthority(const std::string& key_pem, int64_t now_s) {
  ASSIGN_OR_RETURN(const Key key, ReadKey(key_pem));
  ASSIGN_OR_RETURN(const sync::PublicKey public_key, PublicKeyOf(key.get()));
  const Certificate certificate(X509_new());
  CHECK(certificate != nullptr && X509_set_version(certificate.get(), kCertificateVersion) == 1);
  SetSerial(certificate.get());
  SetDates(certificate.get(), now_s - kCertificateBackdatedSeconds,
           now_s + kAuthorityDays * kDaySeconds);
  // Two CAs never have one name: who checks finds the signer by it.
  SetCommonName(X509_get_subject_name(certificate.get()),
                absl::StrCat("Tikar CA ", sync::Fingerprint(public_key)));
  CHECK(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1);
  CHECK(X509_set_pubkey(certificate.get(), key.get()) == 1);
  X509* const self = certificate.get();
  AddExtension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  AddExtension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(self, self, NID_subject_key_identifier, "hash");
  CHECK(X509_sign(self, key.get(), nullptr) > 0);
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, self); });
}

absl::StatusOr<AuthorityCertificate> ParseAuthority(const std::string& authority_pem) {
  ASSIGN_OR_RETURN(const Certificate certificate, ReadCertificate(authority_pem));
  if (X509_check_ca(certificate.get()) != 1) {
    return absl::InvalidArgumentError("is a certificate, but not of a CA");
  }
  if (!IsSelfSigned(certificate.get())) {
    return absl::InvalidArgumentError("is a CA's certificate, but not signed by itself");
  }
  AuthorityCertificate authority;
  ASSIGN_OR_RETURN(authority.key, PublicKeyOf(X509_get0_pubkey(certificate.get())));
  authority.not_before_s = Seconds(X509_get0_notBefore(certificate.get()));
  authority.not_after_s = Seconds(X509_get0_notAfter(certificate.get()));
  return authority;
}

absl::StatusOr<std::string> MakeRequest(const std::string& key_pem, std::string_view name,
                                        const std::vector<std::string>& hosts) {
  RETURN_IF_ERROR(CheckNameAndHosts(name, hosts));
  ASSIGN_OR_RETURN(const Key key, ReadKey(key_pem));
  const Request request(X509_REQ_new());
  CHECK(request != nullptr && X509_REQ_set_version(request.get(), kRequestVersion) == 1);
  SetCommonName(X509_REQ_get_subject_name(request.get()), std::string(name));
  CHECK(X509_REQ_set_pubkey(request.get(), key.get()) == 1);
  const Names names = MakeNames(std::string(name), hosts, {});
  STACK_OF(X509_EXTENSION)* list = nullptr;
  CHECK(X509V3_add1_i2d(&list, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1);
  const Extensions extensions(list);
  CHECK(X509_REQ_add_extensions(request.get(), extensions.get()) == 1);
  CHECK(X509_REQ_sign(request.get(), key.get(), nullptr) > 0);
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); });
}

absl::StatusOr<NodeRequest> ParseRequest(const std::string& request_pem) {
  const QuietErrors quiet;
  const Request request(
      PEM_read_bio_X509_REQ(Open(request_pem).get(), nullptr, NoPassword, nullptr));
  if (request == nullptr) return absl::InvalidArgumentError("is no request in PEM");
  NodeRequest node;
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  ASSIGN_OR_RETURN(node.key, PublicKeyOf(key));
  if (X509_REQ_verify(request.get(), key) != 1) {
    return absl::InvalidArgumentError("is not signed by the key that it is for");
  }
  const Extensions extensions(X509_REQ_get_extensions(request.get()));
  const Names names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  ASSIGN_OR_RETURN(ReadNames read, FromNames(names.get()));
  if (!read.regions.empty()) {
    return absl::InvalidArgumentError("asks for regions; those are given by whoever signs");
  }
  node.name = std::move(read.name);
  node.hosts = std::move(read.hosts);
  return node;
}

absl::StatusOr<std::string> IssueCertificate(const std::string& authority_pem,
                                             const std::string& authority_key_pem,
                                             const NodeRequest& request,
                                             const std::vector<std::string>& regions,
                                             int64_t now_s) {
  RETURN_IF_ERROR(CheckNameAndHosts(request.name, request.hosts));
  if (regions.empty() || regions.size() > kCertificateRegionsMax ||
      !std::all_of(regions.begin(), regions.end(), sync::IsMirrorPrefix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a node's regions are 1 to ", kCertificateRegionsMax,
                     " provinces or regions such as 15 or 15.01, or all, not \"",
                     absl::StrJoin(regions, ","), "\""));
  }
  ASSIGN_OR_RETURN(const AuthorityCertificate parsed, ParseAuthority(authority_pem));
  ASSIGN_OR_RETURN(const Certificate authority, ReadCertificate(authority_pem));
  ASSIGN_OR_RETURN(const Key authority_key, ReadKey(authority_key_pem));
  ASSIGN_OR_RETURN(const sync::PublicKey authority_public, PublicKeyOf(authority_key.get()));
  if (authority_public != parsed.key) {
    return absl::FailedPreconditionError("the CA's key is not the one of its certificate");
  }
  if (parsed.not_after_s <= now_s) return absl::FailedPreconditionError("the CA has expired");
  const Key key(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(request.key.view().data()),
      sync::PublicKey::kSize));
  CHECK(key != nullptr);

  const Certificate certificate(X509_new());
  X509* const node = certificate.get();
  CHECK(node != nullptr && X509_set_version(node, kCertificateVersion) == 1);
  SetSerial(node);
  SetDates(node, now_s - kCertificateBackdatedSeconds,
           std::min(now_s + kCertificateDays * kDaySeconds, parsed.not_after_s));
  SetCommonName(X509_get_subject_name(node), request.name);
  CHECK(X509_set_issuer_name(node, X509_get_subject_name(authority.get())) == 1);
  CHECK(X509_set_pubkey(node, key.get()) == 1);
  AddExtension(node, authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(node, authority.get(), NID_key_usage, "critical,digitalSignature");
  AddExtension(node, authority.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  AddExtension(node, authority.get(), NID_subject_key_identifier, "hash");
  AddExtension(node, authority.get(), NID_authority_key_identifier, "keyid:always");
  const Names names = MakeNames(request.name, request.hosts, regions);
  CHECK(X509_add1_ext_i2d(node, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1);
  CHECK(X509_sign(node, authority_key.get(), nullptr) > 0);
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, node); });
}

absl::StatusOr<NodeCertificate> ParseCertificate(const std::string& pem) {
  ASSIGN_OR_RETURN(const Certificate certificate, ReadCertificate(pem));
  const QuietErrors quiet;
  NodeCertificate node;
  ASSIGN_OR_RETURN(node.key, PublicKeyOf(X509_get0_pubkey(certificate.get())));
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  ASSIGN_OR_RETURN(ReadNames read, FromNames(names.get()));
  if (read.regions.empty()) return absl::InvalidArgumentError("names no region");
  node.name = std::move(read.name);
  node.regions = std::move(read.regions);
  node.hosts = std::move(read.hosts);
  node.not_before_s = Seconds(X509_get0_notBefore(certificate.get()));
  node.not_after_s = Seconds(X509_get0_notAfter(certificate.get()));
  node.serial = SerialOf(certificate.get());
  return node;
}

absl::StatusOr<std::vector<std::string>> SplitCertificates(const std::string& pem) {
  const absl::Status mistake = absl::InvalidArgumentError("holds something else than certificates");
  if (pem.size() > kPemBytesMax) return mistake;
  std::vector<std::string> certificates;
  absl::string_view rest = absl::StripAsciiWhitespace(absl::string_view(pem));
  while (!rest.empty()) {
    if (!absl::StartsWith(rest, kBeginCertificate)) return mistake;
    const size_t end = rest.find(kEndCertificate);
    if (end == absl::string_view::npos) return mistake;
    const absl::string_view one = rest.substr(0, end + kEndCertificate.size());
    certificates.push_back(absl::StrCat(one, "\n"));
    rest = absl::StripLeadingAsciiWhitespace(rest.substr(one.size()));
  }
  return certificates;
}

absl::Status CheckSignedBy(const std::string& certificate_pem, const std::string& authority_pem) {
  ASSIGN_OR_RETURN(const Certificate certificate, ReadCertificate(certificate_pem));
  ASSIGN_OR_RETURN(const Certificate authority, ReadCertificate(authority_pem));
  const QuietErrors quiet;
  if (X509_check_issued(authority.get(), certificate.get()) != X509_V_OK ||
      X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) != 1) {
    return absl::InvalidArgumentError("is not signed by this CA");
  }
  return absl::OkStatus();
}

}  // namespace tikar::server
