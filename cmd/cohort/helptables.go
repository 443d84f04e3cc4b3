package main

// otherVariables are those that no flag stands for.
func otherVariables() [][2]string {
	return [][2]string{
		{"COHORT_LINK_CACHE", "the folder in which --link-cache keeps binaries (an absolute path), or off"},
		{"COHORT_LINK_CACHE_SIZE", "the size that this folder is kept under (default 2GiB)"},
		{"TEST_DIRECTORY", "the package to test when none is named"},
		{"GOVERSION", "the version of Go for the JUnit file, instead of asking the go command"},
		{"NO_COLOR", "not empty: no colour"},
		{"FORCE_COLOR, CLICOLOR_FORCE", "not empty, 0 or false: colour even where there is no terminal"},
		{"CIRCLE_NODE_INDEX, ...", "what --shard=auto reads: also CIRCLE_NODE_TOTAL, CI_NODE_INDEX and CI_NODE_TOTAL, " +
			"BUILDKITE_PARALLEL_JOB and BUILDKITE_PARALLEL_JOB_COUNT, JOB_COMPLETION_INDEX, " +
			"TEST_SHARD_INDEX, TEST_TOTAL_SHARDS and TEST_SHARD_STATUS_FILE"},
		{"GITHUB_ACTIONS", "true: the format testname is github-actions"},
		{"GOFLAGS", "go test's default flags, as the go command reads them"},
	}
}

// formats are the formats that help tells of.
func formats() [][2]string {
	return [][2]string{
		{"dots", "a character for each test"},
		{"dots-v2", "experimental: one package per line"},
		{"pkgname", "a line for each package"},
		{"pkgname-and-test-fails", "a line for each package, and the output of failed tests"},
		{"testname", "a line for each test and package"},
		{"testdox", "a sentence for each test, made by gotestdox"},
		{"github-actions", "testname with GitHub's log groups"},
		{"standard-quiet", "as go test prints it"},
		{"standard-verbose", "as go test -v prints it"},
	}
}

// formatSynonyms are the other names of formats, and formats for debugging.
func formatSynonyms() []string {
	return []string{
		"none", "debug", "standard-json", "dots-v1", "gotestdox", "short-verbose", "short", "short-with-failures",
		"github-action",
	}
}

// icons are the icons that formats can print.
func icons() [][2]string {
	const font = "need a font from https://www.nerdfonts.com: "
	return [][2]string{
		{"default", "✓ ∅ ✖"},
		{"hivis", "✅ ➖ ❌"},
		{"text", "PASS SKIP FAIL"},
		{"codicons", font + "\ueba4 \ueabd \uea87"},
		{"octicons", font + "\uf49e \uf517 \uf52f"},
		{"emoticons", font + "\U000f01f5 \U000f01f6 \U000f01f8"},
	}
}

// names are the first columns of rows.
func names(rows [][2]string) []string {
	all := make([]string, len(rows))
	for i, row := range rows {
		all[i] = row[0]
	}
	return all
}
