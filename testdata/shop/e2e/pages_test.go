package e2e

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// visit asks a slow web server for a page and wants the given status. The
// tests below share nothing, so each of them may run anywhere, at any time.
func visit(t *testing.T, path string, want int) {
	t.Helper()
	mux := http.NewServeMux()
	for _, page := range []string{"/{$}", "/tea", "/cups", "/imprint", "/login"} {
		mux.HandleFunc("GET "+page, func(http.ResponseWriter, *http.Request) {})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	time.Sleep(300 * time.Millisecond) // the network
	response, err := server.Client().Get(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if response.StatusCode != want {
		t.Errorf("%s answers %d, want %d", path, response.StatusCode, want)
	}
}

func TestHomePage(t *testing.T) { visit(t, "/", http.StatusOK) }

func TestTeaPage(t *testing.T) { visit(t, "/tea", http.StatusOK) }

func TestCupsPage(t *testing.T) { visit(t, "/cups", http.StatusOK) }

func TestImprintPage(t *testing.T) { visit(t, "/imprint", http.StatusOK) }

func TestLoginPage(t *testing.T) { visit(t, "/login", http.StatusOK) }

func TestUnknownPage(t *testing.T) { visit(t, "/coffee", http.StatusNotFound) }
