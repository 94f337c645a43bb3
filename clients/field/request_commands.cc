// tikar-field create, edit, list, show, forms: all of them work without a signal.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/request_text.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "clients/cpp/mutations.h"
#include "clients/field/commands.h"
#include "clients/field/form_entry.h"
#include "clients/field/phone_json.h"
#include "sync/change.h"
#include "sync/ref.h"
#include "sync/status_macros.h"

namespace tikar::field {
namespace {

using cli::Style;
using sync::AbslView;

absl::Status PrintQueued(Phone& phone, const client::EditOutcome& outcome, bool created) {
  ASSIGN_OR_RETURN(const client::SyncStatus status, phone.app().Status());
  if (phone.json()) {
    ASSIGN_OR_RETURN(const client::RequestOnPhone request, phone.app().Get(outcome.request));
    cli::Json json;
    json["ref"] = outcome.ref;
    json["change_id"] = outcome.change_id.hex();
    json["unsent"] = status.unsent;
    json["request"] = RequestOnPhoneJson(request);
    phone.out() << cli::JsonText(json);
    return absl::OkStatus();
  }
  const std::string ref = sync::FormatRef(outcome.ref);
  phone.out() << (created ? phone.Say("Tersimpan di telepon. Nomor untuk warga: ",
                                      "Saved on the phone. Number for the citizen: ")
                          : phone.Say("Tersimpan di telepon: ", "Saved on the phone: "))
              << cli::Styled(phone.terminal(), Style::kName, ref) << "\n"
              << cli::Styled(phone.terminal(), Style::kDim,
                             absl::StrCat(AbslView(phone.Say("Belum terkirim: ", "Not sent yet: ")),
                                          phone.Changes(status.unsent),
                                          AbslView(phone.Say(". Kirim saat ada sinyal: ",
                                                             ". Send where there is a signal: ")),
                                          phone.CommandLine("sync")))
              << "\n";
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Mutation>> MutationsOf(const Phone& phone,
                                                      const EditOptions& options,
                                                      const v1::Request& request,
                                                      const cli::DefinitionView& form) {
  std::vector<v1::Mutation> mutations;
  for (const std::string& typed : options.sets) {
    ASSIGN_OR_RETURN(auto entry, ReadEntry(form, typed, phone.language()));
    mutations.push_back(client::Set(entry.first, std::move(entry.second)));
  }
  for (const std::string& path : options.clears) mutations.push_back(client::Clear(path));
  if (options.assignee.has_value()) {
    mutations.push_back(options.assignee->empty() ? client::Clear(sync::kAssigneePath)
                                                  : client::Assign(*options.assignee));
  }
  if (!options.status.empty()) {
    mutations.push_back(client::Move(request.status(), options.status, options.reason));
  }
  for (const std::string& comment : options.comments) {
    mutations.push_back(client::Comment(comment));
  }
  if (mutations.empty()) {
    return cli::UsageError(absl::StrCat(
        AbslView(phone.Say("tidak ada yang diubah; tulis ", "nothing to change; give ")),
        "--set, --clear, --status, --assign, --comment"));
  }
  return mutations;
}

// What the officer changed, by the words of the form, each once.
std::string PendingText(const client::RequestOnPhone& request, const cli::DefinitionView& form,
                        cli::Language language) {
  std::vector<std::string> labels;
  for (const std::string& path : request.pending_paths) {
    if (path == sync::kDefinitionPath) continue;
    const std::string_view collection = sync::CollectionOf(path);
    std::string label = form.FieldLabel(path, language);
    for (const v1::Collection& known : form.proto().collections()) {
      if (known.key() == collection) label = cli::Label(language, known.label(), known.key());
    }
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) {
      labels.push_back(std::move(label));
    }
  }
  return absl::StrJoin(labels, ", ");
}

// "✓", "…3" while three changes are unsent, "!" where somebody must look.
cli::Cell TickOf(const client::RequestOnPhone& request) {
  if (request.needs_attention) return {"!", Style::kBad};
  if (request.unsent > 0) return {absl::StrCat("…", request.unsent), Style::kWarning};
  if (request.waiting) return {"?", Style::kWarning};
  return {"✓", Style::kGood};
}

}  // namespace

absl::Status Create(Phone& phone, const CreateOptions& options) {
  ASSIGN_OR_RETURN(const cli::DefinitionView form, phone.FormFor(options.service, options.area));
  client::NewRequest request;
  request.service = options.service;
  request.area = options.area;
  request.comments = options.comments;
  for (const std::string& typed : options.sets) {
    ASSIGN_OR_RETURN(auto entry, ReadEntry(form, typed, phone.language()));
    request.fields.push_back(std::move(entry));
  }
  const absl::StatusOr<client::EditOutcome> outcome = phone.app().Create(request);
  if (!outcome.ok()) return phone.InWords(outcome.status());
  if (!outcome->queued()) return StatusOfRefusal(outcome->refusal, phone.language());
  return PrintQueued(phone, *outcome, true);
}

absl::Status Edit(Phone& phone, const EditOptions& options) {
  ASSIGN_OR_RETURN(const client::RequestOnPhone request, phone.Find(options.request));
  ASSIGN_OR_RETURN(const cli::DefinitionView form, phone.FormOf(request.request));
  ASSIGN_OR_RETURN(std::vector<v1::Mutation> mutations,
                   MutationsOf(phone, options, request.request, form));
  const absl::StatusOr<client::EditOutcome> outcome =
      phone.app().Edit(request.key, std::move(mutations));
  if (!outcome.ok()) return phone.InWords(outcome.status());
  if (!outcome->queued()) return StatusOfRefusal(outcome->refusal, phone.language());
  return PrintQueued(phone, *outcome, false);
}

absl::Status List(Phone& phone, const ListOptions& options) {
  client::ListQuery query;
  query.filter.set_area(options.area);
  query.filter.set_service(options.service);
  query.filter.set_status(options.status);
  query.filter.set_text(options.text);
  query.filter.set_under_review(options.under_review);
  query.pending_only = options.pending;
  std::vector<client::RequestOnPhone> requests;
  bool more = false;
  while (options.all || requests.size() < options.limit) {
    query.page_size = options.all
                          ? client::kListPageMax
                          : std::min<size_t>(client::kListPageMax, options.limit - requests.size());
    ASSIGN_OR_RETURN(client::ListPage page, phone.app().List(query));
    for (client::RequestOnPhone& request : page.requests) requests.push_back(std::move(request));
    more = !page.next_page_token.empty();
    if (!more) break;
    query.page_token = page.next_page_token;
  }
  if (phone.json()) {
    cli::Json json;
    json["requests"] = cli::Json::array();
    for (const client::RequestOnPhone& request : requests) {
      json["requests"].push_back(RequestOnPhoneJson(request));
    }
    json["more"] = more;
    phone.out() << cli::JsonText(json);
    return absl::OkStatus();
  }
  if (requests.empty()) {
    phone.out() << phone.Say("Tidak ada permohonan di telepon.\n", "No requests on the phone.\n");
    return absl::OkStatus();
  }
  cli::Table table({{.title = ""},
                    {.title = std::string(phone.Say("NOMOR", "REF"))},
                    {.title = std::string(phone.Say("LAYANAN", "SERVICE"))},
                    {.title = "STATUS", .shrinks = true},
                    {.title = std::string(phone.Say("JUDUL", "TITLE")), .shrinks = true},
                    {.title = std::string(phone.Say("WILAYAH", "AREA"))},
                    {.title = std::string(phone.Say("DIUBAH", "UPDATED"))}});
  for (const client::RequestOnPhone& shown : requests) {
    const v1::Request& request = shown.request;
    ASSIGN_OR_RETURN(const cli::DefinitionView form, phone.FormOf(request));
    table.AddRow({TickOf(shown),
                  {sync::FormatRef(shown.ref), Style::kName},
                  {request.service()},
                  {cli::StatusText(request, form, phone.language()),
                   request.reviews().empty() ? Style::kPlain : Style::kWarning},
                  {cli::TitleOf(request, form)},
                  {request.area()},
                  {cli::HlcText(request.update_time()), Style::kDim}});
  }
  phone.out() << table.Render(phone.terminal());
  if (more) {
    phone.out() << phone.Say("… masih ada lagi; lihat dengan --limit N atau --all\n",
                             "… there are more; see them with --limit N or --all\n");
  }
  return absl::OkStatus();
}

absl::Status Show(Phone& phone, const std::string& typed) {
  ASSIGN_OR_RETURN(const client::RequestOnPhone request, phone.Find(typed));
  if (phone.json()) {
    phone.out() << cli::JsonText(RequestOnPhoneJson(request));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const cli::DefinitionView form, phone.FormOf(request.request));
  phone.out() << cli::RequestText(request.request, form, request.request.area(),
                                  {phone.terminal(), phone.language()});
  const auto note = [&](Style style, const std::string& text) {
    phone.out() << "\n" << cli::Styled(phone.terminal(), style, cli::OneLine(text)) << "\n";
  };
  if (request.unsent > 0) {
    note(Style::kWarning, absl::StrCat(AbslView(phone.Say("Belum terkirim: ", "Not sent yet: ")),
                                       phone.Changes(request.unsent), " (",
                                       PendingText(request, form, phone.language()), ")"));
  }
  if (request.waiting) {
    note(Style::kWarning, std::string(phone.Say("Ditahan di kantor sampai diperiksa seseorang",
                                                "Held at the office until somebody looks at it")));
  }
  if (request.needs_attention) {
    note(Style::kBad, absl::StrCat(AbslView(phone.Say("Perlu perhatian: ", "Needs attention: ")),
                                   phone.CommandLine("attention")));
  }
  return absl::OkStatus();
}

absl::Status Forms(Phone& phone, const FormsOptions& options) {
  ASSIGN_OR_RETURN(std::vector<OfferedForm> forms, phone.FormsOf(options.area));
  if (!options.service.empty()) {
    std::erase_if(forms, [&](const OfferedForm& form) {
      return form.definition->proto().service() != options.service;
    });
    if (forms.empty()) {
      const std::string& area = options.area.empty() ? phone.settings().scope[0] : options.area;
      return phone.FormFor(options.service, area).status();
    }
  }
  const bool regions_differ = std::any_of(forms.begin(), forms.end(), [&](const auto& form) {
    return form.regions != forms[0].regions || form.regions.size() > 1;
  });
  cli::Json json;
  json["forms"] = cli::Json::array();
  cli::Table table({{.title = std::string(phone.Say("WILAYAH", "AREA")), .droppable = true},
                    {.title = std::string(phone.Say("LAYANAN", "SERVICE"))},
                    {.title = std::string(phone.Say("BAGIAN", "FIELD"))},
                    {.title = std::string(phone.Say("JENIS", "TYPE"))},
                    {.title = std::string(phone.Say("WAJIB", "REQUIRED"))},
                    {.title = std::string(phone.Say("ARTI", "MEANING")), .shrinks = true}});
  for (const OfferedForm& offered : forms) {
    const cli::DefinitionView form = ViewOf(offered.definition);
    cli::Json form_json = {{"service", form.proto().service()},
                           {"version", form.proto().version()},
                           {"publisher", form.proto().publisher()},
                           {"definition_hash", offered.definition->hash().hex()},
                           {"regions", offered.regions},
                           {"title", form.ServiceTitle(phone.language())},
                           {"fields", cli::Json::array()}};
    for (const v1::Field& field : form.proto().fields()) {
      const std::string type = cli::EnumJson(v1::FieldType_Name(field.type()), "FIELD_TYPE_");
      std::vector<std::string> choices;
      for (const v1::Choice& choice : field.choices()) choices.push_back(choice.key());
      std::string meaning = form.FieldLabel(field.key(), phone.language());
      if (!choices.empty()) absl::StrAppend(&meaning, ": ", absl::StrJoin(choices, ", "));
      table.AddRow({{regions_differ ? absl::StrJoin(offered.regions, ", ") : ""},
                    {form.proto().service()},
                    {field.key(), Style::kName},
                    {type},
                    {field.required() ? std::string(phone.Say("ya", "yes")) : ""},
                    {meaning}});
      form_json["fields"].push_back({{"key", field.key()},
                                     {"type", type},
                                     {"required", field.required()},
                                     {"label", form.FieldLabel(field.key(), phone.language())},
                                     {"choices", choices}});
    }
    json["forms"].push_back(std::move(form_json));
  }
  if (phone.json()) {
    phone.out() << cli::JsonText(json);
  } else if (forms.empty()) {
    phone.out() << phone.Say("Belum ada layanan yang ditawarkan di sini.\n",
                             "No services are offered here yet.\n");
  } else {
    phone.out() << table.Render(phone.terminal());
  }
  return absl::OkStatus();
}

}  // namespace tikar::field
