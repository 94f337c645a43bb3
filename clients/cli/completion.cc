#include "clients/cli/completion.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace tikar::cli {
namespace {

constexpr char kFileType[] = "FILE";

// A word that may be typed, and what it is for.
struct Word {
  std::string text;
  std::string description;
};

// What may stand as a value: words to choose from, or names of files.
struct Value {
  std::vector<std::string> choices;
  bool is_file = false;
};

struct OptionWords {
  std::vector<std::string> names;
  std::string description;
  bool takes_value = false;
  Value value;
};

// A command, or a group of commands.
struct Node {
  // "tikar requests list".
  std::string path;
  std::vector<Word> commands;
  std::vector<OptionWords> options;
  // In order.
  std::vector<Value> positionals;
};

Value ValueOf(const CLI::Option& option) {
  Value value;
  const std::string type = option.get_type_name();
  value.is_file = type == kFileType;
  if (type.find('|') != std::string::npos) value.choices = absl::StrSplit(type, '|');
  return value;
}

void Collect(const CLI::App& app, const std::string& path, std::vector<Node>& nodes) {
  Node node;
  node.path = path;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      node.positionals.push_back(ValueOf(*option));
      continue;
    }
    OptionWords words;
    for (const std::string& name : option->get_snames()) words.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) words.names.push_back("--" + name);
    words.description = option->get_description();
    words.takes_value = option->get_items_expected_max() > 0;
    words.value = ValueOf(*option);
    node.options.push_back(std::move(words));
  }
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* command : subcommands) {
    node.commands.push_back({command->get_name(), command->get_description()});
  }
  nodes.push_back(std::move(node));
  for (const CLI::App* command : subcommands) {
    Collect(*command, absl::StrCat(path, " ", command->get_name()), nodes);
  }
}

// The root first. Global options may stand behind every command, so each node gets them too.
std::vector<Node> NodesOf(const CLI::App& app) {
  std::vector<Node> nodes;
  Collect(app, app.get_name(), nodes);
  const std::vector<OptionWords> global = nodes.front().options;
  for (size_t i = 1; i < nodes.size(); ++i) {
    std::set<std::string> own;
    for (const OptionWords& option : nodes[i].options) {
      own.insert(option.names.begin(), option.names.end());
    }
    for (const OptionWords& option : global) {
      // A command's own option hides the global one, and each has a help of its own.
      if (own.count(option.names.back()) == 0) nodes[i].options.push_back(option);
    }
  }
  return nodes;
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// Pattern of a case for all names of an option: "-h|--help".
std::string Pattern(const OptionWords& option) { return absl::StrJoin(option.names, "|"); }

// Cases of "<path>:<word>" for each command below: both shells walk the line with them.
std::string PathCases(const std::vector<Node>& nodes, std::string_view indent) {
  std::string text;
  for (const Node& node : nodes) {
    for (const Word& command : node.commands) {
      const std::string below = absl::StrCat(node.path, " ", command.text);
      absl::StrAppend(&text, std::string(indent),
                      Quoted(absl::StrCat(node.path, ":", command.text)), ") path=", Quoted(below),
                      "; positional=0 ;;\n");
    }
  }
  return text;
}

// Cases of the options that take a value, of all nodes.
std::string ValueOptionPattern(const std::vector<Node>& nodes) {
  std::set<std::string> names;
  for (const Node& node : nodes) {
    for (const OptionWords& option : node.options) {
      if (option.takes_value) names.insert(option.names.begin(), option.names.end());
    }
  }
  return absl::StrJoin(names, "|");
}

// One case per node; in it `on_value(option)` for those that take one.
template <typename OnValue, typename OnPositional, typename Otherwise>
std::string NodeCases(const std::vector<Node>& nodes, OnValue on_value, OnPositional on_positional,
                      Otherwise otherwise) {
  std::string text;
  for (const Node& node : nodes) {
    absl::StrAppend(&text, "    ", Quoted(node.path), ")\n      case \"$option\" in\n");
    for (const OptionWords& option : node.options) {
      if (!option.takes_value) continue;
      absl::StrAppend(&text, "        ", Pattern(option), ") ", on_value(option.value),
                      " return ;;\n");
    }
    // A value of another command's option is nothing to guess at.
    absl::StrAppend(&text, "        ?*) return ;;\n      esac\n", otherwise(node));
    if (!node.positionals.empty()) {
      absl::StrAppend(&text, "      case \"$positional\" in\n");
      for (size_t i = 0; i < node.positionals.size(); ++i) {
        const std::string action = on_positional(node.positionals[i]);
        if (!action.empty()) absl::StrAppend(&text, "        ", i, ") ", action, " ;;\n");
      }
      absl::StrAppend(&text, "      esac\n");
    }
    absl::StrAppend(&text, "      ;;\n");
  }
  return text;
}

std::string OptionNames(const Node& node) {
  std::vector<std::string> names;
  for (const OptionWords& option : node.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return absl::StrJoin(names, " ");
}

std::string CommandNames(const Node& node) {
  return absl::StrJoin(node.commands, " ",
                       [](std::string* out, const Word& word) { out->append(word.text); });
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  const std::vector<Node> nodes = NodesOf(app);
  const std::string& name = app.get_name();
  const auto on_value = [](const Value& value) -> std::string {
    if (value.is_file)
      return "COMPREPLY=($(compgen -f -- \"$word\")); compopt -o filenames 2>/dev/null;";
    if (value.choices.empty()) return "";
    return absl::StrCat("COMPREPLY=($(compgen -W ", Quoted(absl::StrJoin(value.choices, " ")),
                        " -- \"$word\"));");
  };
  const auto on_positional = [&](const Value& value) -> std::string {
    const std::string action = on_value(value);
    return action.empty() ? "" : absl::StrCat(action, " return");
  };
  const auto otherwise = [](const Node& node) {
    std::string text =
        absl::StrCat("      if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W ",
                     Quoted(OptionNames(node)), " -- \"$word\"))\n        return\n      fi\n");
    if (!node.commands.empty()) {
      absl::StrAppend(&text, "      COMPREPLY=($(compgen -W ", Quoted(CommandNames(node)),
                      " -- \"$word\"))\n");
    }
    return text;
  };
  // bash breaks words at "=", so "--output=json" is three of them.
  return absl::StrCat("# bash completion for ", name, ". Load it with: source <(", name,
                      " completion bash)\n_", name, R"sh(() {
  local word="${COMP_WORDS[COMP_CWORD]}" path=)sh",
                      Quoted(name), R"sh( option='' positional=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    if [[ -n $option ]]; then
      [[ ${COMP_WORDS[i]} == '=' ]] || option=''
      continue
    fi
    case "${COMP_WORDS[i]}" in
      )sh",
                      ValueOptionPattern(nodes), R"sh() option="${COMP_WORDS[i]}"; continue ;;
      -*) continue ;;
    esac
    case "$path:${COMP_WORDS[i]}" in
)sh",
                      PathCases(nodes, "      "), R"sh(      *) ((++positional)) ;;
    esac
  done
  [[ $word == '=' ]] && word=''
  case "$path" in
)sh",
                      NodeCases(nodes, on_value, on_positional, otherwise),
                      "  esac\n}\ncomplete -F _", name, " ", name, "\n");
}

std::string ZshCompletion(const CLI::App& app) {
  const std::vector<Node> nodes = NodesOf(app);
  const std::string& name = app.get_name();
  const auto on_value = [](const Value& value) -> std::string {
    if (value.is_file) return "_files;";
    if (value.choices.empty()) return "";
    return absl::StrCat("compadd -- ", absl::StrJoin(value.choices, " "), ";");
  };
  const auto on_positional = [&](const Value& value) -> std::string {
    const std::string action = on_value(value);
    return action.empty() ? "" : absl::StrCat(action, " return");
  };
  // "word:what it is for", colons in the word itself escaped.
  const auto described = [](const std::string& word, const std::string& description) {
    return Quoted(absl::StrCat(absl::StrReplaceAll(word, {{":", "\\:"}}), ":", description));
  };
  const auto otherwise = [&](const Node& node) {
    std::string text = "      if [[ $word == -* ]]; then\n        described=(";
    for (const OptionWords& option : node.options) {
      for (const std::string& option_name : option.names) {
        absl::StrAppend(&text, "\n          ", described(option_name, option.description));
      }
    }
    absl::StrAppend(&text, ")\n        _describe -o option described\n        return\n      fi\n");
    if (!node.commands.empty()) {
      absl::StrAppend(&text, "      described=(");
      for (const Word& command : node.commands) {
        absl::StrAppend(&text, "\n        ", described(command.text, command.description));
      }
      absl::StrAppend(&text, ")\n      _describe command described\n");
    }
    return text;
  };
  return absl::StrCat("#compdef ", name, "\n# zsh completion for ", name,
                      ". Put it into a folder of $fpath as _", name,
                      ", or source it after compinit.\n_", name, R"sh(() {
  local word="${words[CURRENT]}" path=)sh",
                      Quoted(name), R"sh( option='' positional=0 i
  local -a described
  for ((i = 2; i < CURRENT; ++i)); do
    if [[ -n $option ]]; then
      option=''
      continue
    fi
    case "${words[i]}" in
      )sh",
                      ValueOptionPattern(nodes), R"sh() option="${words[i]}"; continue ;;
      -*) continue ;;
    esac
    case "$path:${words[i]}" in
)sh",
                      PathCases(nodes, "      "), R"sh(      *) ((++positional)) ;;
    esac
  done
  if [[ $word == --*=* ]]; then
    option="${word%%=*}"
    compset -P '*='
  fi
  case "$path" in
)sh",
                      NodeCases(nodes, on_value, on_positional, otherwise),
                      "  esac\n}\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  _", name,
                      " \"$@\"\nelse\n  compdef _", name, " ", name, "\nfi\n");
}

}  // namespace tikar::cli
