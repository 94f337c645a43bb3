#include "clients/field/form_entry.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"
#include "clients/cli/value_text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sync/definition.h"
#include "sync/types.h"

namespace tikar::field {

using sync::AbslView;

absl::StatusOr<std::pair<std::string, v1::Value>> ReadEntry(const cli::DefinitionView& form,
                                                            std::string_view typed,
                                                            cli::Language language) {
  const size_t equals = typed.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return cli::UsageError(absl::StrCat(
        "--set: ",
        AbslView(cli::Pick(language, "tulis bagian=isi, bukan \"", "write field=value, not \"")),
        AbslView(typed), "\""));
  }
  std::string path(typed.substr(0, equals));
  const v1::Field* field = form.FindField(path);
  const bool elsewhere = sync::IsBuiltInField(path) || path.find('/') != std::string::npos;
  if (field == nullptr && !elsewhere) {
    std::string known;
    for (const v1::Field& candidate : form.proto().fields()) {
      absl::StrAppend(&known, known.empty() ? "" : ", ", candidate.key());
    }
    return cli::UsageError(
        absl::StrCat(form.proto().service(),
                     AbslView(cli::Pick(language, " tidak punya bagian \"", " has no field \"")),
                     path, AbslView(cli::Pick(language, "\"; yang ada: ", "\"; it has: ")), known));
  }
  absl::StatusOr<v1::Value> value = cli::ParseValue(field, typed.substr(equals + 1), language);
  if (!value.ok()) return cli::UsageError(sync::StdView(value.status().message()));
  return std::pair(std::move(path), *std::move(value));
}

absl::Status StatusOfRefusal(const sync::Judgement& refusal, cli::Language language) {
  google::rpc::BadRequest bad_request;
  for (const sync::Violation& violation : refusal.violations) {
    for (const auto& [locale, message] :
         {std::pair("id", &violation.message_id), std::pair("en", &violation.message_en)}) {
      google::rpc::BadRequest::FieldViolation& told = *bad_request.add_field_violations();
      told.set_field(violation.field);
      told.set_description(violation.message_en);
      told.set_reason(violation.code);
      told.mutable_localized_message()->set_locale(locale);
      told.mutable_localized_message()->set_message(*message);
    }
  }
  google::rpc::Status details;
  details.set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
  details.add_details()->PackFrom(bad_request);
  return cli::StatusOfServer(
      details.code(),
      cli::Pick(language, "tidak disimpan; perbaiki dahulu:", "not saved; mend this first:"),
      details.SerializeAsString());
}

}  // namespace tikar::field
