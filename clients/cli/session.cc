#include "clients/cli/session.h"

#include <algorithm>
#include <utility>

#include "clients/cli/value_text.h"
#include "sync/change.h"
#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

template <typename Items>
auto FindByKey(const Items& items, std::string_view key) -> decltype(&*items.begin()) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.key() == key; });
  return found == items.end() ? nullptr : &*found;
}

struct BuiltInLabel {
  std::string_view path;
  std::string_view id;
  std::string_view en;
};

constexpr BuiltInLabel kBuiltInLabels[] = {
    {"status", "Status", "Status"},
    {"area", "Wilayah", "Area"},
    {"assignee", "Petugas", "Assignee"},
    {"duplicate_of", "Duplikat dari", "Duplicate of"},
    {"transferred_from", "Dipindahkan dari", "Transferred from"},
    {"@retracted", "Ditarik", "Retracted"},
    {"@definition", "Definisi", "Definition"},
};

}  // namespace

const v1::Field* DefinitionView::FindField(std::string_view key) const {
  return FindByKey(definition_->fields(), key);
}
const v1::State* DefinitionView::FindState(std::string_view key) const {
  return FindByKey(definition_->workflow().states(), key);
}
const v1::Role* DefinitionView::FindRole(std::string_view key) const {
  return FindByKey(definition_->roles(), key);
}

std::string DefinitionView::FieldLabel(std::string_view path, Language language) const {
  if (const v1::Field* field = FindField(path)) return Label(language, field->label(), path);
  for (const BuiltInLabel& label : kBuiltInLabels) {
    if (label.path == path) return std::string(Pick(language, label.id, label.en));
  }
  return std::string(path);
}

std::string DefinitionView::StateLabel(std::string_view key, Language language) const {
  const v1::State* state = FindState(key);
  return state == nullptr ? std::string(key) : Label(language, state->label(), key);
}

std::string DefinitionView::ServiceTitle(Language language) const {
  return Label(language, definition_->title(), definition_->service());
}

std::string DefinitionView::FormatFieldValue(std::string_view path, const v1::Value* value,
                                             Language language) const {
  if (path == "status" && value != nullptr) return StateLabel(value->text(), language);
  if (sync::IsElementPath(path)) return FormatElement(sync::CollectionOf(path), value, language);
  return FormatValue(FindField(path), value, language);
}

std::string DefinitionView::FormatElement(std::string_view collection, const v1::Value* value,
                                          Language language) const {
  const v1::Collection* found = FindByKey(definition_->collections(), collection);
  v1::Field as_field;
  if (found != nullptr) as_field.set_type(found->type());
  return FormatValue(&as_field, value, language);
}

Session::Session(Settings settings, std::ostream& out, std::ostream& err, Terminal out_terminal,
                 Terminal err_terminal)
    : settings_(std::move(settings)),
      out_(out),
      err_(err),
      out_terminal_(out_terminal),
      err_terminal_(err_terminal),
      connection_(settings_) {}

absl::StatusOr<DefinitionView> Session::DefinitionOf(const v1::Request& request) {
  auto& definition = definitions_by_hash_[request.definition_hash()];
  if (definition != nullptr) return DefinitionView(definition);
  v1::GetDefinitionRequest get;
  get.set_definition_hash(request.definition_hash());
  absl::StatusOr<v1::GetDefinitionResponse> answer =
      request.definition_hash().empty() ? absl::NotFoundError("no definition pinned yet")
                                        : connection_.Call(get);
  if (answer.ok()) {
    definition = std::make_shared<const v1::Definition>(std::move(*answer->mutable_definition()));
  } else if (answer.status().code() == absl::StatusCode::kNotFound) {
    v1::Definition unknown;
    unknown.set_service(request.service());
    definition = std::make_shared<const v1::Definition>(std::move(unknown));
  } else {
    return answer.status();
  }
  return DefinitionView(definition);
}

absl::StatusOr<DefinitionView> Session::NewestDefinition(const std::string& service) {
  v1::GetDefinitionRequest get;
  get.set_service(service);
  ASSIGN_OR_RETURN(v1::GetDefinitionResponse answer, connection_.Call(get));
  auto definition = std::make_shared<const v1::Definition>(std::move(*answer.mutable_definition()));
  definitions_by_hash_[answer.definition_hash()] = definition;
  return DefinitionView(std::move(definition));
}

const Session::AreaNames& Session::AreaOf(const std::string& code) {
  const auto [found, is_new] = areas_.try_emplace(code, AreaNames{code, code});
  if (!is_new || code.empty()) return found->second;
  v1::GetAreaRequest get;
  get.set_code(code);
  const absl::StatusOr<v1::GetAreaResponse> answer = connection_.Call(get);
  if (answer.ok() && !answer->area().name().empty()) {
    found->second = {answer->area().name(), answer->area().path()};
    if (found->second.path.empty()) found->second.path = found->second.name;
  }
  return found->second;
}

std::string Session::AreaName(const std::string& code) { return AreaOf(code).name; }
std::string Session::AreaPath(const std::string& code) { return AreaOf(code).path; }

}  // namespace tikar::cli
