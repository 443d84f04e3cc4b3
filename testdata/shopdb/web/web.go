// Package web is the shop's HTTP interface.
package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"example.com/shopdb/price"
	"example.com/shopdb/store"
)

// New returns the handler of a shop.
func New(s *store.Store) http.Handler {
	h := &handler{s}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", h.open)
	mux.HandleFunc("POST /orders/{id}/lines", h.add)
	mux.HandleFunc("POST /orders/{id}/pay", h.pay)
	mux.HandleFunc("POST /orders/{id}/ship", h.ship)
	mux.HandleFunc("GET /orders/{id}", h.show)
	return mux
}

type handler struct{ store *store.Store }

// reply is what every answer holds.
type reply struct {
	ID     int64  `json:"id"`
	Status string `json:"status"`
	Total  string `json:"total"`
}

func (h *handler) open(w http.ResponseWriter, r *http.Request) {
	id, err := h.store.NewOrder(r.Context(), r.FormValue("customer"))
	h.answer(w, r, id, err)
}

func (h *handler) add(w http.ResponseWriter, r *http.Request) {
	id, err := number(r)
	pieces, bad := strconv.Atoi(r.FormValue("pieces"))
	if err = errors.Join(err, bad); err == nil {
		err = h.store.Add(r.Context(), id, r.FormValue("sku"), pieces)
	}
	h.answer(w, r, id, err)
}

func (h *handler) pay(w http.ResponseWriter, r *http.Request) {
	id, err := number(r)
	if err == nil {
		err = h.store.Pay(r.Context(), id)
	}
	h.answer(w, r, id, err)
}

func (h *handler) ship(w http.ResponseWriter, r *http.Request) {
	id, err := number(r)
	if err == nil {
		err = h.store.Ship(r.Context(), id)
	}
	h.answer(w, r, id, err)
}

func (h *handler) show(w http.ResponseWriter, r *http.Request) {
	id, err := number(r)
	h.answer(w, r, id, err)
}

func number(r *http.Request) (int64, error) { return strconv.ParseInt(r.PathValue("id"), 10, 64) }

// answer writes how an order stands, or what went wrong.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, id int64, err error) {
	out := reply{ID: id}
	if err == nil {
		out.Status, err = h.store.Status(r.Context(), id)
	}
	var total int
	if err == nil {
		total, err = h.store.Total(r.Context(), id)
	}
	if err != nil {
		http.Error(w, err.Error(), code(err))
		return
	}
	out.Total = price.Text(total)
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(out); err != nil {
		fmt.Printf("answer: %v\n", err) // the client is gone
	}
}

func code(err error) int {
	switch {
	case errors.Is(err, store.ErrUnknown):
		return http.StatusNotFound
	case errors.Is(err, store.ErrSoldOut), errors.Is(err, store.ErrStatus):
		return http.StatusConflict
	}
	return http.StatusBadRequest
}
