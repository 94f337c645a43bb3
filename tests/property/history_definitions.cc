#include "history_definitions.h"

#include <initializer_list>
#include <string>

#include "tikar/v1/definition.pb.h"

namespace tikar::property {
namespace {

void Label(v1::LocalizedText* label, const std::string& text) {
  label->set_id(text);
  label->set_en(text);
}

void AddField(v1::Definition& definition, const std::string& key, v1::FieldType type,
              v1::Policy policy) {
  v1::Field* const field = definition.add_fields();
  field->set_key(key);
  field->set_type(type);
  field->set_policy(policy);
  Label(field->mutable_label(), key);
  if (type != v1::FIELD_TYPE_CHOICES) return;
  for (const char* const choice : {"jalan", "jembatan", "lampu", "banjir", "sampah", "air"}) {
    v1::Choice* const added = field->add_choices();
    added->set_key(choice);
    Label(added->mutable_label(), choice);
  }
}

enum class StateKind { kStep, kDecision, kTerminal };

void AddState(v1::Definition& definition, const std::string& key, StateKind kind) {
  v1::State* const state = definition.mutable_workflow()->add_states();
  state->set_key(key);
  Label(state->mutable_label(), key);
  state->set_decision(kind == StateKind::kDecision);
  state->set_terminal(kind == StateKind::kTerminal);
}

void AddEdge(v1::Definition& definition, const std::string& from, const std::string& to) {
  v1::WorkflowEdge* const edge = definition.mutable_workflow()->add_edges();
  edge->set_from(from);
  edge->set_to(to);
  Label(edge->mutable_label(), to);
  edge->add_roles("petugas");
}

v1::Definition Common(uint32_t version) {
  v1::Definition definition;
  definition.set_service("pengaduan");
  definition.set_version(version);
  definition.set_publisher("32.73");
  definition.set_merge_version(1);
  definition.set_title_field("judul");
  Label(definition.mutable_title(), "Pengaduan");
  Label(definition.mutable_description(), "Pengaduan");
  v1::Role* const role = definition.add_roles();
  role->set_key("petugas");
  Label(role->mutable_label(), "Petugas");
  role->set_creates(true);
  role->set_retracts(true);
  role->set_assigns(true);
  definition.add_settler_roles("petugas");
  for (const char* const key : {"comments", "tags"}) {
    v1::Collection* const collection = definition.add_collections();
    collection->set_key(key);
    Label(collection->mutable_label(), key);
    collection->set_length_max(2000);
  }
  return definition;
}

v1::Definition First() {
  v1::Definition definition = Common(1);
  AddField(definition, "judul", v1::FIELD_TYPE_TEXT, v1::POLICY_LATEST);
  AddField(definition, "lokasi", v1::FIELD_TYPE_PLACE, v1::POLICY_LATEST);
  AddField(definition, "deskripsi", v1::FIELD_TYPE_LONG_TEXT, v1::POLICY_TEXT);
  AddField(definition, "catatan", v1::FIELD_TYPE_LONG_TEXT, v1::POLICY_TEXT);
  AddField(definition, "prioritas", v1::FIELD_TYPE_INTEGER, v1::POLICY_HIGHEST);
  AddField(definition, "nilai", v1::FIELD_TYPE_DECIMAL, v1::POLICY_HIGHEST);
  AddField(definition, "tenggat", v1::FIELD_TYPE_DATE, v1::POLICY_LOWEST);
  AddField(definition, "kunjungan", v1::FIELD_TYPE_TIME, v1::POLICY_LOWEST);
  AddField(definition, "kategori", v1::FIELD_TYPE_CHOICES, v1::POLICY_UNION);
  AddField(definition, "bantuan", v1::FIELD_TYPE_MONEY, v1::POLICY_REVIEW);
  AddField(definition, "pemohon", v1::FIELD_TYPE_TEXT, v1::POLICY_REVIEW);
  AddState(definition, "diterima", StateKind::kStep);
  AddState(definition, "diverifikasi", StateKind::kStep);
  AddState(definition, "ditangani", StateKind::kStep);
  AddState(definition, "disetujui", StateKind::kDecision);
  AddState(definition, "ditolak", StateKind::kDecision);
  AddState(definition, "selesai", StateKind::kTerminal);
  AddState(definition, "dibatalkan", StateKind::kTerminal);
  AddEdge(definition, "diterima", "diverifikasi");
  AddEdge(definition, "diverifikasi", "ditangani");
  AddEdge(definition, "diverifikasi", "dibatalkan");
  AddEdge(definition, "ditangani", "disetujui");
  AddEdge(definition, "ditangani", "ditolak");
  AddEdge(definition, "disetujui", "selesai");
  return definition;
}

// What a Rebase moves to: policies and the order of states differ, so everything must be decided
// anew.
v1::Definition Second() {
  v1::Definition definition = Common(2);
  AddField(definition, "judul", v1::FIELD_TYPE_TEXT, v1::POLICY_REVIEW);
  AddField(definition, "lokasi", v1::FIELD_TYPE_PLACE, v1::POLICY_LATEST);
  AddField(definition, "deskripsi", v1::FIELD_TYPE_LONG_TEXT, v1::POLICY_TEXT);
  AddField(definition, "catatan", v1::FIELD_TYPE_LONG_TEXT, v1::POLICY_LATEST);
  AddField(definition, "prioritas", v1::FIELD_TYPE_INTEGER, v1::POLICY_LOWEST);
  AddField(definition, "nilai", v1::FIELD_TYPE_DECIMAL, v1::POLICY_LOWEST);
  AddField(definition, "tenggat", v1::FIELD_TYPE_DATE, v1::POLICY_HIGHEST);
  AddField(definition, "kategori", v1::FIELD_TYPE_CHOICES, v1::POLICY_UNION);
  AddField(definition, "bantuan", v1::FIELD_TYPE_MONEY, v1::POLICY_HIGHEST);
  AddField(definition, "pemohon", v1::FIELD_TYPE_TEXT, v1::POLICY_REVIEW);
  AddState(definition, "terdaftar", StateKind::kStep);
  AddState(definition, "ditolak", StateKind::kStep);
  AddState(definition, "disetujui", StateKind::kDecision);
  AddState(definition, "ditangani", StateKind::kDecision);
  AddState(definition, "dibatalkan", StateKind::kTerminal);
  AddState(definition, "selesai", StateKind::kTerminal);
  AddEdge(definition, "terdaftar", "ditolak");
  AddEdge(definition, "terdaftar", "ditangani");
  AddEdge(definition, "ditangani", "disetujui");
  AddEdge(definition, "disetujui", "selesai");
  AddEdge(definition, "ditolak", "dibatalkan");
  return definition;
}

v1::Definition Newer() {
  v1::Definition definition = First();
  definition.set_version(3);
  definition.set_merge_version(reference::kMergeVersion + 1);
  return definition;
}

}  // namespace

const DefinitionSet& AllDefinitions() {
  static const DefinitionSet* const set = [] {
    auto* const made = new DefinitionSet;
    for (const v1::Definition& definition : {First(), Second(), Newer()}) {
      made->bytes.push_back(definition.SerializeAsString());
      made->by_hash[reference::Sha256(made->bytes.back())] = definition;
    }
    return made;
  }();
  return *set;
}

}  // namespace tikar::property
