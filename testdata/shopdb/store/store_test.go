// The tests of this file use a database. They share the one of their worker, so each empties it first.
//
//cohort:label database
package store

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// open returns an empty store with a product.
func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), os.Getenv("DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := errors.Join(s.Empty(t.Context()), s.AddProduct(t.Context(), "tea", "Tea", 450, 5)); err != nil {
		t.Fatal(err)
	}
	return s
}

func order(t *testing.T, s *Store) int64 {
	t.Helper()
	id, err := s.NewOrder(t.Context(), "Ada")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func stock(t *testing.T, s *Store, want int) {
	t.Helper()
	if got, err := s.Stock(t.Context(), "tea"); got != want || err != nil {
		t.Errorf("%d pieces, %v; want %d", got, err, want)
	}
}

func TestAddProduct(t *testing.T) {
	s := open(t)
	if err := s.AddProduct(t.Context(), "tea", "Green tea", 500, 3); err != nil {
		t.Fatal(err)
	}
	stock(t, s, 8)
}

func TestUnknownProduct(t *testing.T) {
	s := open(t)
	if _, err := s.Stock(t.Context(), "rum"); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
	if err := s.Add(t.Context(), order(t, s), "rum", 1); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}

func TestAddReserves(t *testing.T) {
	s := open(t)
	id := order(t, s)
	if err := s.Add(t.Context(), id, "tea", 2); err != nil {
		t.Fatal(err)
	}
	stock(t, s, 3)
	if total, err := s.Total(t.Context(), id); total != 900 || err != nil {
		t.Errorf("%d, %v", total, err)
	}
}

func TestSoldOut(t *testing.T) {
	s := open(t)
	id := order(t, s)
	if err := s.Add(t.Context(), id, "tea", 6); !errors.Is(err, ErrSoldOut) {
		t.Errorf("%v", err)
	}
	stock(t, s, 5)
	if total, err := s.Total(t.Context(), id); total != 0 || err != nil {
		t.Errorf("%d, %v", total, err)
	}
}

// TestRush has ten customers who want the last five pieces at the same time.
func TestRush(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		id := order(t, s)
		wg.Go(func() { errs[i] = s.Add(t.Context(), id, "tea", 1) })
	}
	wg.Wait()
	sold := 0
	for _, err := range errs {
		switch {
		case err == nil:
			sold++
		case !errors.Is(err, ErrSoldOut):
			t.Error(err)
		}
	}
	if sold != 5 {
		t.Errorf("%d pieces sold", sold)
	}
	stock(t, s, 0)
}

func TestShipUnpaid(t *testing.T) {
	s := open(t)
	if err := s.Ship(t.Context(), order(t, s)); !errors.Is(err, ErrStatus) {
		t.Errorf("%v", err)
	}
}

func TestPayTwice(t *testing.T) {
	s := open(t)
	id := order(t, s)
	if err := s.Pay(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := s.Pay(t.Context(), id); !errors.Is(err, ErrStatus) {
		t.Errorf("%v", err)
	}
}
