// Package stock keeps count of what is on the shelves.
package stock

import (
	"fmt"
	"sync"
)

// Shelf holds goods by name. It may be used from several goroutines.
type Shelf struct {
	mu    sync.Mutex
	count map[string]int
}

// NewShelf returns an empty shelf.
func NewShelf() *Shelf { return &Shelf{count: map[string]int{}} }

// Put adds n pieces of an article.
func (s *Shelf) Put(article string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[article] += n
}

// Take removes n pieces of an article, all of them or none.
func (s *Shelf) Take(article string, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.count[article]; have < n {
		return fmt.Errorf("take %d %s: only %d left", n, article, have)
	}
	s.count[article] -= n
	return nil
}

// Left returns how many pieces of an article there are.
func (s *Shelf) Left(article string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[article]
}
