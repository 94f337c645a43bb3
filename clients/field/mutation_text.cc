#include "clients/field/mutation_text.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "clients/cli/text_style.h"
#include "sync/change.h"
#include "sync/types.h"

namespace tikar::field {
namespace {

using sync::AbslView;

std::string WithReason(std::string text, const std::string& reason) {
  return reason.empty() ? text : absl::StrCat(text, " (", reason, ")");
}

}  // namespace

std::string MutationText(const v1::Mutation& mutation, const cli::DefinitionView& form,
                         cli::Language language) {
  const auto say = [&](std::string_view indonesian, std::string_view english) {
    return AbslView(cli::Pick(language, indonesian, english));
  };
  const auto label = [&](const std::string& path) {
    return sync::IsElementPath(path)
               ? cli::CollectionLabel(sync::CollectionOf(path), form, language)
               : form.FieldLabel(path, language);
  };
  switch (mutation.kind_case()) {
    case v1::Mutation::kCreate:
      return absl::StrCat(mutation.create().service(), " ", mutation.create().area());
    case v1::Mutation::kSetField: {
      const v1::SetField& set = mutation.set_field();
      return absl::StrCat(label(set.path()), ": ",
                          form.FormatFieldValue(set.path(), &set.value(), language));
    }
    case v1::Mutation::kClearField:
      return absl::StrCat(label(mutation.clear_field().path()), ": –");
    case v1::Mutation::kTransition:
      return WithReason(
          absl::StrCat("Status: ", form.StateLabel(mutation.transition().from(), language), " → ",
                       form.StateLabel(mutation.transition().to(), language)),
          mutation.transition().reason());
    case v1::Mutation::kAddElement: {
      const v1::AddElement& add = mutation.add_element();
      return absl::StrCat(cli::CollectionLabel(add.collection(), form, language), ": ",
                          form.FormatElement(add.collection(), &add.value(), language));
    }
    case v1::Mutation::kRemoveElement:
      return absl::StrCat(label(mutation.remove_element().path()), ": ",
                          say("satu dihapus", "one removed"));
    case v1::Mutation::kRetract:
      return WithReason(std::string(say("ditarik", "withdrawn")), mutation.retract().reason());
    case v1::Mutation::kRestore:
      return WithReason(std::string(say("dipulihkan", "restored")), mutation.restore().reason());
    case v1::Mutation::kSettle: {
      const v1::Settle& settle = mutation.settle();
      const v1::Value* value = settle.has_value() ? &settle.value() : nullptr;
      return WithReason(absl::StrCat(say("diputuskan: ", "settled: "), label(settle.path()), ": ",
                                     form.FormatFieldValue(settle.path(), value, language)),
                        settle.reason());
    }
    case v1::Mutation::kRebase:
      return absl::StrCat(say("pindah ke formulir versi ", "moved to version "),
                          mutation.rebase().version(), say("", " of the form"));
    case v1::Mutation::KIND_NOT_SET:
      break;
  }
  return std::string(say("perubahan dari aplikasi yang lebih baru", "a newer app's change"));
}

}  // namespace tikar::field
