//go:build unix

package a

import (
	"testing"

	"example.com/worlds"
)

func TestPlaina1(t *testing.T) { worlds.Need(t) }

func TestPlaina2(t *testing.T) { worlds.Need(t) }

func TestPlaina3(t *testing.T) { worlds.Need(t) }

//cohort:label db
func TestDBa1(t *testing.T) { worlds.Need(t, "db") }

//cohort:label db
func TestDBa2(t *testing.T) { worlds.Need(t, "db") }

//cohort:label db
func TestDBa3(t *testing.T) { worlds.Need(t, "db") }

//cohort:label db
func TestDBa4(t *testing.T) { worlds.Need(t, "db") }

//cohort:label mail
func TestMaila1(t *testing.T) { worlds.Need(t, "mail") }

//cohort:label mail
func TestMaila2(t *testing.T) { worlds.Need(t, "mail") }

//cohort:label db mail
//cohort:group steps
func TestStepaOne(t *testing.T) { worlds.Need(t, "db", "mail") }

//cohort:group steps
func TestStepaTwo(t *testing.T) { worlds.Need(t, "db", "mail") }

//cohort:label rows
func TestRowsa1(t *testing.T) { worlds.Need(t, "rows") }

//cohort:label rows
func TestRowsa2(t *testing.T) { worlds.Need(t, "rows") }

//cohort:label db rows
func TestRowsa3(t *testing.T) { worlds.Need(t, "db", "rows") }

//cohort:label mail rows
//cohort:group rows
func TestRowsaOne(t *testing.T) { worlds.Need(t, "mail", "rows") }

//cohort:label mail rows
//cohort:group rows
func TestRowsaTwo(t *testing.T) { worlds.Need(t, "mail", "rows") }
