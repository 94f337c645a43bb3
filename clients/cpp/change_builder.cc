#include "clients/cpp/change_builder.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

#include "sync/value.h"

namespace tikar::client {
namespace {

// A value that has no canonical form stays as it is: validation names what is wrong with it.
void Canonicalize(v1::Value* value) {
  if (absl::StatusOr<sync::Value> canonical = sync::Value::FromProto(*value); canonical.ok()) {
    *value = canonical->ToProto();
  }
}

void CanonicalizeValue(v1::Mutation* mutation) {
  if (mutation->has_set_field() && mutation->set_field().has_value()) {
    Canonicalize(mutation->mutable_set_field()->mutable_value());
  } else if (mutation->has_add_element() && mutation->add_element().has_value()) {
    Canonicalize(mutation->mutable_add_element()->mutable_value());
  } else if (mutation->has_settle() && mutation->settle().has_value()) {
    Canonicalize(mutation->mutable_settle()->mutable_value());
  }
}

std::string SerializeDeterministically(const v1::ChangeBody& body) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    body.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace

Nonce RandomNonce(Random& random) {
  Nonce nonce;
  random.Fill(nonce.data(), nonce.size());
  return nonce;
}

Nonce NonceOfSource(std::string_view source) {
  const sync::Hash hash = sync::Sha256(source);
  Nonce nonce;
  for (size_t i = 0; i < nonce.size(); ++i) nonce[i] = hash[i];
  return nonce;
}

absl::StatusOr<sync::ParsedChange> BuildChange(const ChangeDraft& draft) {
  v1::ChangeBody body;
  body.set_region(draft.region);
  if (draft.request_id) body.set_request_id(draft.request_id->bytes());
  body.set_actor(draft.actor);
  body.set_role(draft.role);
  body.set_hlc(draft.hlc);
  std::vector<sync::ChangeId> parents = draft.parents;
  std::sort(parents.begin(), parents.end());
  parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
  for (const sync::ChangeId& parent : parents) body.add_parents(parent.bytes());
  body.set_nonce(draft.nonce.data(), draft.nonce.size());
  for (const v1::Mutation& mutation : draft.mutations) {
    CanonicalizeValue(&(*body.add_mutations() = mutation));
  }
  return sync::ParseChange(SerializeDeterministically(body));
}

std::string RegionOfArea(std::string_view area) {
  const size_t first = area.find('.');
  if (first == std::string_view::npos) return "";
  return std::string(area.substr(0, area.find('.', first + 1)));
}

}  // namespace tikar::client
