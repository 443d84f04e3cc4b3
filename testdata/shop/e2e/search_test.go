package e2e

import (
	"strings"
	"testing"
	"time"
)

// search looks for a word in a small catalogue that is far away.
func search(t *testing.T, word string) []string {
	t.Helper()
	time.Sleep(200 * time.Millisecond) // the search service thinks
	var found []string
	for _, article := range []string{"black tea", "green tea", "tea cup", "saucer"} {
		if strings.Contains(article, word) {
			found = append(found, article)
		}
	}
	return found
}

func TestSearchFindsSeveral(t *testing.T) {
	if got := search(t, "tea"); len(got) != 3 {
		t.Errorf("found %q, want 3 articles", got)
	}
}

func TestSearchFindsOne(t *testing.T) {
	if got := search(t, "saucer"); len(got) != 1 {
		t.Errorf("found %q, want 1 article", got)
	}
}

func TestSearchFindsNothing(t *testing.T) {
	if got := search(t, "coffee"); len(got) != 0 {
		t.Errorf("found %q, want nothing", got)
	}
}

func TestSearchByVoice(t *testing.T) {
	t.Skip("needs a microphone")
}
