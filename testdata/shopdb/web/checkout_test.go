// A purchase, step by step: each step continues where the one before it stopped, so they are a group.
//
//cohort:group checkout
//cohort:label database
package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"example.com/shopdb/store"
)

// purchase is what the steps share.
var purchase struct {
	shop  *httptest.Server
	order string
}

// post sends a form to the shop and returns its answer.
func post(t *testing.T, path string, form url.Values) (status int, out reply) {
	t.Helper()
	r, err := http.PostForm(purchase.shop.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode == http.StatusOK {
		if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
	}
	return r.StatusCode, out
}

// expect does a step and checks how the order stands after it.
func expect(t *testing.T, path string, form url.Values, want string) {
	t.Helper()
	status, out := post(t, path, form)
	if got := fmt.Sprintf("%d %s %s", status, out.Status, out.Total); got != want {
		t.Errorf("%s: %s, want %s", path, got, want)
	}
}

func TestCheckoutOpen(t *testing.T) {
	s, err := store.Open(t.Context(), os.Getenv("DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Empty(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.AddProduct(t.Context(), "tea", "Tea", 450, 20); err != nil {
		t.Fatal(err)
	}
	purchase.shop = httptest.NewServer(New(s))
	status, out := post(t, "/orders", url.Values{"customer": {"Ada"}})
	if status != http.StatusOK || out.Status != "open" {
		t.Fatalf("%d %+v", status, out)
	}
	purchase.order = fmt.Sprintf("/orders/%d", out.ID)
}

func TestCheckoutFill(t *testing.T) {
	expect(t, purchase.order+"/lines", url.Values{"sku": {"tea"}, "pieces": {"12"}}, "200 open 48.60")
}

func TestCheckoutPay(t *testing.T) {
	if os.Getenv("SHOPDB_BREAK") == "pay" { // for make demo-e2e
		t.Fatal("the card was refused")
	}
	expect(t, purchase.order+"/pay", nil, "200 paid 48.60")
}

func TestCheckoutShip(t *testing.T) {
	expect(t, purchase.order+"/ship", nil, "200 shipped 48.60")
	purchase.shop.Close()
}
