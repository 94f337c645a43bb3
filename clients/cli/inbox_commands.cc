#include "clients/cli/inbox_commands.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/request_text.h"
#include "clients/cli/resource_names.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPageSizeMax = 1000;

std::string KindKey(v1::InboxKind kind) {
  return absl::StrReplaceAll(EnumJson(v1::InboxKind_Name(kind), "INBOX_KIND_"), {{"_", "-"}});
}

std::string_view KindTitle(v1::InboxKind kind, Language language) {
  switch (kind) {
    case v1::INBOX_KIND_UNDER_REVIEW:
      return Pick(language, "Perlu keputusan", "Under review");
    case v1::INBOX_KIND_LATE:
      return Pick(language, "Terlambat", "Late");
    case v1::INBOX_KIND_REFUSED:
      return Pick(language, "Perubahan yang ditolak", "Refused changes");
    case v1::INBOX_KIND_POSSIBLE_DUPLICATE:
      return Pick(language, "Mungkin sama", "Possible duplicates");
    case v1::INBOX_KIND_NEEDS_CREATE:
      return Pick(language, "Menunggu pembuatannya", "Waiting for their Create");
    case v1::INBOX_KIND_NEEDS_DEFINITION:
      return Pick(language, "Menunggu definisinya", "Waiting for their definition");
    case v1::INBOX_KIND_NEEDS_NEWER_SERVER:
      return Pick(language, "Perlu server lebih baru", "Needing a newer server");
    default:
      return Pick(language, "Lain", "Other");
  }
}

// What a person types for the request: its ref, or the id while it has none.
std::string NameOf(const std::string& ref, const std::string& name) {
  if (!ref.empty()) return RefText(ref);
  const size_t slash = name.rfind('/');
  return OneLine(slash == std::string::npos ? name : name.substr(slash + 1));
}

// What it is about, beside its title.
std::string Details(const v1::InboxItem& item, Language language) {
  switch (item.kind()) {
    case v1::INBOX_KIND_UNDER_REVIEW:
      return item.path();
    case v1::INBOX_KIND_LATE:
      return absl::StrCat(Label(language, item.clock().label(), item.clock().key()),
                          AbslView(Pick(language, ", batas ", ", due ")),
                          LocalTime(item.clock().due_at_ms()));
    case v1::INBOX_KIND_REFUSED:
      return EnumJson(v1::RefusalReason_Name(item.reason()), "REFUSAL_REASON_");
    case v1::INBOX_KIND_POSSIBLE_DUPLICATE:
      return absl::StrCat(NameOf(item.other_request_ref(), item.other_request()), ", ",
                          item.distance_metres(), " m");
    case v1::INBOX_KIND_NEEDS_DEFINITION:
      return absl::BytesToHexString(item.definition_hash()).substr(0, 8);
    default:
      return "";
  }
}

Json ItemJson(const v1::InboxItem& item) {
  const auto text = [](const std::string& value) {
    return value.empty() ? Json(nullptr) : Json(value);
  };
  Json json;
  json["kind"] = KindKey(item.kind());
  json["request"] = item.request();
  json["ref"] = text(item.request_ref());
  json["service"] = item.service();
  json["area"] = item.area();
  json["title"] = item.title();
  json["status"] = item.status();
  json["since"] = IsoTime(item.since_ms());
  json["actor"] = text(item.actor());
  json["path"] = text(item.path());
  json["change_id"] = text(absl::BytesToHexString(item.change_id()));
  json["reason"] = item.reason() == v1::REFUSAL_REASON_UNSPECIFIED
                       ? Json(nullptr)
                       : Json(EnumJson(v1::RefusalReason_Name(item.reason()), "REFUSAL_REASON_"));
  json["other_request"] = text(item.other_request());
  json["other_ref"] = text(item.other_request_ref());
  json["distance_metres"] = item.kind() == v1::INBOX_KIND_POSSIBLE_DUPLICATE
                                ? Json(item.distance_metres())
                                : Json(nullptr);
  json["clock"] = item.has_clock() ? ServiceClockJson(item.clock()) : Json(nullptr);
  json["definition_hash"] = text(absl::BytesToHexString(item.definition_hash()));
  json["etag"] = item.etag();
  json["commands"] = InboxCommands(item);
  return json;
}

Table NewTable(Session& session) {
  return Table(
      {{.title = std::string(session.Say("UMUR", "AGE")), .right_aligned = true},
       {.title = "REF"},
       {.title = std::string(session.Say("LAYANAN", "SERVICE")), .droppable = true},
       {.title = std::string(session.Say("JUDUL", "TITLE")), .shrinks = true},
       {.title = std::string(session.Say("APA", "WHAT")), .shrinks = true},
       {.title = std::string(session.Say("PETUGAS", "OFFICER")),
        .shrinks = true,
        .droppable = true},
       {.title = std::string(session.Say("WILAYAH", "AREA")), .shrinks = true, .droppable = true}});
}

// The table of one kind and, below it, what to type: commands are never cut, so they stand alone.
void PrintKind(Session& session, const std::vector<v1::InboxItem>& items, absl::Time now,
               bool more) {
  const v1::InboxKind kind = items.front().kind();
  session.out() << Styled(session.out_terminal(), Style::kBold, KindTitle(kind, session.language()))
                << " (" << items.size() << (more ? "+" : "") << ")\n";
  Table table = NewTable(session);
  for (const v1::InboxItem& item : items) {
    table.AddRow({{AboutDuration(now - absl::FromUnixMillis(item.since_ms()), session.language()),
                   kind == v1::INBOX_KIND_LATE ? Style::kBad : Style::kPlain},
                  {NameOf(item.request_ref(), item.request()), Style::kName},
                  {item.service()},
                  {item.title()},
                  {Details(item, session.language()), Style::kWarning},
                  {item.actor()},
                  {item.area().empty() ? "" : session.AreaName(item.area()), Style::kDim}});
  }
  session.out() << table.Render(session.out_terminal());
  for (const v1::InboxItem& item : items) {
    for (const std::string& command : InboxCommands(item)) {
      session.out() << "  " << command << "\n";
    }
  }
}

absl::StatusOr<std::vector<v1::InboxKind>> KindsOf(const std::vector<std::string>& typed) {
  std::vector<v1::InboxKind> kinds;
  for (const std::string& key : typed) {
    v1::InboxKind kind = v1::INBOX_KIND_UNSPECIFIED;
    const std::string name =
        absl::StrCat("INBOX_KIND_", absl::AsciiStrToUpper(absl::StrReplaceAll(key, {{"-", "_"}})));
    if (!v1::InboxKind_Parse(name, &kind) || kind == v1::INBOX_KIND_UNSPECIFIED) {
      return UsageError(absl::StrCat("--kind tidak mengenal \"", key, "\""),
                        absl::StrCat("--kind does not know \"", key, "\""));
    }
    kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace

std::vector<std::string> InboxKindKeys() {
  std::vector<std::string> keys;
  for (int number = v1::InboxKind_MIN; number <= v1::InboxKind_MAX; ++number) {
    if (!v1::InboxKind_IsValid(number) || number == v1::INBOX_KIND_UNSPECIFIED) continue;
    keys.push_back(KindKey(static_cast<v1::InboxKind>(number)));
  }
  return keys;
}

std::vector<std::string> InboxCommands(const v1::InboxItem& item) {
  const std::string request = NameOf(item.request_ref(), item.request());
  switch (item.kind()) {
    case v1::INBOX_KIND_UNDER_REVIEW:
      return {absl::StrCat("tikar conflicts show ", request, " ", OneLine(item.path()))};
    case v1::INBOX_KIND_LATE:
      return {absl::StrCat("tikar requests show ", request)};
    case v1::INBOX_KIND_REFUSED:
      return {absl::StrCat("tikar requests history ", request),
              absl::StrCat("tikar inbox dismiss ", request, " ",
                           absl::BytesToHexString(item.change_id()))};
    case v1::INBOX_KIND_POSSIBLE_DUPLICATE: {
      // With "=": an etag may begin with a hyphen.
      const std::string etag =
          item.etag().empty() ? "" : absl::StrCat(" --etag=", OneLine(item.etag()));
      return {absl::StrCat("tikar requests join ", request, " --to ",
                           NameOf(item.other_request_ref(), item.other_request()), etag),
              absl::StrCat("tikar requests part ", request, etag)};
    }
    case v1::INBOX_KIND_NEEDS_CREATE:
      return {absl::StrCat("tikar requests history ", request)};
    case v1::INBOX_KIND_NEEDS_DEFINITION:
      return {"tikar catalog publish FILE"};
    case v1::INBOX_KIND_NEEDS_NEWER_SERVER:
      return {"tikar status"};
    default:
      return {};
  }
}

absl::Status Inbox(Session& session, const InboxOptions& options) {
  v1::ListInboxRequest list;
  ASSIGN_OR_RETURN(const std::vector<v1::InboxKind> kinds, KindsOf(options.kinds));
  for (const v1::InboxKind kind : kinds) list.add_kinds(kind);
  list.set_parent("regions/-");
  if (!options.region.empty()) {
    ASSIGN_OR_RETURN(const std::string region, RegionOf(session, options.region));
    list.set_parent(absl::StrCat("regions/", region));
  }
  // A kind at a time is held: the list comes kind by kind.
  std::vector<v1::InboxItem> items;
  std::optional<JsonListWriter> json;
  const absl::Time now = absl::Now();
  uint32_t count = 0;
  bool more = true;
  const auto flush = [&](bool cut) {
    if (items.empty()) return;
    if (count > items.size()) session.out() << "\n";
    PrintKind(session, items, now, cut);
    items.clear();
  };
  while (more && (options.all || count < options.limit)) {
    list.set_page_size(options.all ? kPageSizeMax : std::min(kPageSizeMax, options.limit - count));
    ASSIGN_OR_RETURN(const v1::ListInboxResponse page, session.connection().Call(list));
    if (session.json() && !json.has_value()) json.emplace(session.out(), "items");
    for (const v1::InboxItem& item : page.items()) {
      if (json.has_value()) {
        json->Add(ItemJson(item));
        ++count;
        continue;
      }
      if (!items.empty() && items.front().kind() != item.kind()) flush(/*cut=*/false);
      items.push_back(item);
      ++count;
    }
    more = !page.next_page_token().empty();
    list.set_page_token(page.next_page_token());
  }
  if (json.has_value()) {
    json->End(more);
    return absl::OkStatus();
  }
  flush(more);
  if (count == 0) {
    session.out() << session.Say("Tidak ada yang menunggu.\n", "Nothing waits for anybody.\n");
  } else if (more) {
    session.out() << session.Say("… masih ada lagi; lihat dengan --limit N atau --all\n",
                                 "… there are more; see them with --limit N or --all\n");
  }
  return absl::OkStatus();
}

absl::Status InboxDismiss(Session& session, const InboxOptions& options) {
  v1::DismissInboxItemRequest dismiss;
  ASSIGN_OR_RETURN(*dismiss.mutable_request(), RequestNameOf(options.request));
  const std::optional<sync::ChangeId> change =
      sync::ChangeId::FromHex(absl::AsciiStrToLower(options.change));
  if (!change.has_value()) {
    return UsageError(
        absl::StrCat("id perubahan punya 32 digit heksadesimal, bukan \"", options.change, "\""),
        absl::StrCat("a change's id has 32 hex digits, not \"", options.change, "\""));
  }
  dismiss.set_change_id(change->bytes());
  const absl::StatusOr<v1::DismissInboxItemResponse> answer = session.connection().Call(dismiss);
  if (answer.status().code() == absl::StatusCode::kNotFound) {
    return WithAdvice(answer.status(),
                      session.Say("Lihat yang ada: tikar inbox --kind refused",
                                  "See what there is: tikar inbox --kind refused"));
  }
  if (!answer.ok()) return answer.status();
  if (session.json()) {
    Json json;
    json["dismissed"] = change->hex();
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  session.out() << session.Say("Disingkirkan dari daftar; tetap ada di riwayatnya.\n",
                               "Off the list; it stays in the history.\n");
  return absl::OkStatus();
}

}  // namespace tikar::cli
