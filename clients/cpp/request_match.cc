#include "clients/cpp/request_match.h"

#include <unicode/unistr.h>

#include <algorithm>
#include <string>

#include "sync/definition.h"
#include "sync/feed.h"

namespace tikar::client {
namespace {

icu::UnicodeString Folded(const std::string& text) {
  return icu::UnicodeString::fromUTF8(text).foldCase();
}

bool Mentions(const v1::Request& request, const std::string& text) {
  const icu::UnicodeString wanted = Folded(text);
  const auto mentions = [&](const v1::FieldState& field) {
    return field.value().has_text() && Folded(field.value().text()).indexOf(wanted) >= 0;
  };
  return std::any_of(request.fields().begin(), request.fields().end(), mentions) ||
         std::any_of(request.elements().begin(), request.elements().end(), mentions);
}

bool IsAssignedTo(const v1::Request& request, const std::string& actor) {
  return std::any_of(request.fields().begin(), request.fields().end(),
                     [&](const v1::FieldState& field) {
                       return field.path() == sync::kAssigneePath && field.value().text() == actor;
                     });
}

}  // namespace

bool Matches(const v1::Request& request, const v1::RequestFilter& filter) {
  if (!filter.area().empty() && !sync::AreaWithin(request.area(), filter.area())) return false;
  if (!filter.service().empty() && request.service() != filter.service()) return false;
  if (!filter.status().empty() && request.status() != filter.status()) return false;
  if (!filter.assignee().empty() && !IsAssignedTo(request, filter.assignee())) return false;
  if (filter.under_review() && request.reviews().empty()) return false;
  if (!filter.show_retracted() && request.retracted()) return false;
  return filter.text().empty() || Mentions(request, filter.text());
}

}  // namespace tikar::client
