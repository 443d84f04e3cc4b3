package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

const completionUsage = `Usage:
  cohort tool completion bash|zsh|fish

Print what makes the shell complete cohort's commands, flags and their values.
To have it in every shell, add one of these lines:

  ~/.bashrc                   source <(cohort tool completion bash)
  ~/.zshrc, after compinit    source <(cohort tool completion zsh)
  ~/.config/fish/config.fish  cohort tool completion fish | source
`

// completion prints the script for a shell, or answers one.
func (c *command) completion(args []string) error {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	var text string
	switch name {
	case "bash":
		text = bashCompletion
	case "zsh":
		text = zshCompletion
	case "fish":
		text = fishCompletion
	case "--help", "-h", "help":
		text = completionUsage
	case "words": // what the scripts ask
		text = c.completeWords(args[1:])
	default:
		problem := "the name of a shell is missing"
		if name != "" {
			problem = "there is no completion for " + name
		}
		return &usage.Error{
			Problems: []string{problem}, Type: []string{"cohort", "tool", "completion", "bash"},
			Help: "cohort tool completion --help",
		}
	}
	_, err := io.WriteString(c.stdout, text)
	return err
}

// completeWords returns the answer to a shell, a line for each way to complete the last
// word: the word, a tab and what it means; or :files or :dirs.
func (c *command) completeWords(words []string) string {
	table, _ := newFlags(c.env)
	flaky, _ := flakyFlags()
	adopt, _ := adoptFlags()
	list, _ := listFlags()
	plan, _ := planFlags()
	merge, _ := c.mergeFlags(new(mergeOptions))
	configured, _ := newFlags(c.env)
	configFlags(configured)
	var shells, topics []usage.Item
	for _, name := range []string{"bash", "zsh", "fish"} {
		shells = append(shells, usage.Item{Word: name})
	}
	// Without its pages help has no topics to offer; the tests see to it that it has.
	if pages, err := newHelpPages(c.env, helpWidth); err == nil {
		for _, name := range pages.topics() {
			topics = append(topics, usage.Item{Word: name, Help: pages.title(name)})
		}
	}
	topics = append(topics, usage.Item{Word: "--json", Help: "for programs"}, usage.Item{Word: "--man", Help: "as a man page"})
	completer := usage.Completer{
		Command: rootCommand(table),
		Tools: map[string]usage.Command{
			"adopt":   {Name: "cohort tool adopt", Flags: adopt.flags},
			"flaky":   {Name: "cohort tool flaky", Flags: flaky.flags},
			"list":    {Name: "cohort tool list", Flags: list.flags},
			"plan":    {Name: "cohort tool plan", Flags: plan.flags},
			"merge":   {Name: "cohort tool merge", Flags: merge.flags},
			"history": historyCommand(),
			"config":  {Name: "cohort tool config", Flags: configured.flags},
		},
		Words: map[string][]usage.Item{
			"help": topics, "tool completion": shells, "tool cache": {{Word: "info"}, {Word: "clean"}},
		},
		GoTest: gotest.Flags(),
	}
	done := completer.Complete(words)
	var b strings.Builder
	for _, item := range done.Items {
		fmt.Fprintf(&b, "%s\t%s\n", item.Word, item.Help)
	}
	if done.Files {
		b.WriteString(":files\t\n")
	}
	if done.Dirs {
		b.WriteString(":dirs\t\n")
	}
	return b.String()
}

// bashCompletion splits the line itself: bash takes "--flag=value" for three words.
const bashCompletion = `# bash completion for cohort
_cohort() {
    local line="${COMP_LINE:0:COMP_POINT}" current word text
    local -a words
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    current="${words[${#words[@]}-1]}"
    COMPREPLY=()
    while IFS=$'\t' read -r word text; do
        case $word in
        :files) compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${current#--*=}") ;;
        :dirs) compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current") ;;
        *) [[ $current == --*=* ]] && word="${word#--*=}"
            COMPREPLY+=("$word") ;;
        esac
    done < <("${words[0]}" tool completion words "${words[@]:1}" 2>/dev/null)
}
complete -F _cohort cohort
`

const zshCompletion = `#compdef cohort
# zsh completion for cohort
_cohort() {
    local line word
    local -a values texts
    local tab=$'\t'
    for line in "${(@f)$(${words[1]} tool completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        word="${line%%$tab*}"
        case $word in
        :files) [[ $words[CURRENT] == --*=* ]] && compset -P '*='; _files ;;
        :dirs) _files -/ ;;
        ?*) values+=("$word"); texts+=("${word}  ${line#*$tab}") ;;
        esac
    done
    (( $#values )) && compadd -l -d texts -- $values
}
if [[ $funcstack[1] == _cohort ]]; then
    _cohort "$@"
else
    compdef _cohort cohort
fi
`

const fishCompletion = `# fish completion for cohort
function __cohort_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    for line in ($before[1] tool completion words $before[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files*'
                set -l flag (string match -r -- '^--[^=]*=' "$current")
                for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current"))
                    echo "$flag$path"
                end
            case ':dirs*'
                __fish_complete_directories "$current" ''
            case '*'
                echo $line
        end
    end
end
complete -c cohort -f -a '(__cohort_complete)'
`
