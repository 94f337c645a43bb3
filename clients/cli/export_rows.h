// Requests as rows of a CSV and as features of a GeoJSON (RFC 7946).
//
// What is personal is decided by the definition that each request pins, field by field. Where that
// definition is not known nobody can tell, so no field of the form leaves. Comments, tags and
// attachments are in no export: they are free text about people, and no part of a table.
//
// Pure functions of their arguments.
#ifndef TIKAR_CLIENTS_CLI_EXPORT_ROWS_H_
#define TIKAR_CLIENTS_CLI_EXPORT_ROWS_H_

#include <string>
#include <string_view>
#include <vector>

#include "clients/cli/json_output.h"
#include "clients/cli/language.h"
#include "clients/cli/session.h"
#include "tikar/v1/catalog_service.pb.h"
#include "tikar/v1/request.pb.h"

namespace tikar::cli {

struct ExportStyle {
  // Fields that their definition calls personal, too.
  bool personal = false;
  // Of labels.
  Language language = Language::kEnglish;
};

// One column of the CSV that holds a field, under this key in whatever definition.
struct FieldColumn {
  std::string key;
  // Two cells then, latitude and longitude.
  bool is_place = false;
};

// The fields that a request of any of these definitions may show, each key once, in the order of
// the forms. `service` empty: of all services.
std::vector<FieldColumn> FieldColumnsOf(const std::vector<v1::DefinitionSummary>& definitions,
                                        std::string_view service, const ExportStyle& style);

std::vector<std::string> ExportHead(const std::vector<FieldColumn>& columns);
// One cell for each of ExportHead.
std::vector<std::string> ExportRow(const v1::Request& request, const DefinitionView& definition,
                                   const std::string& area_name,
                                   const std::vector<FieldColumn>& columns,
                                   const ExportStyle& style);

// The geometry is the first place of the form that has a value and may be shown; null without one.
Json ExportFeature(const v1::Request& request, const DefinitionView& definition,
                   const std::string& area_name, const ExportStyle& style);

// Whether its definition is known, and so which of its fields may be shown.
bool ShowsFields(const DefinitionView& definition);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_EXPORT_ROWS_H_
