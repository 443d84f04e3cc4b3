package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// readSecret reads the one word that a file holds. Errors name the flag and the file, never what
// the file holds.
func readSecret(flag, file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", flag, err)
	}
	word := strings.TrimSpace(string(data))
	switch {
	case word == "":
		err = errors.New("the file is empty")
	case strings.ContainsAny(word, " \t\r\n"):
		err = errors.New("the file must hold one word")
	}
	if err != nil {
		return "", fmt.Errorf("read %s %s: %w", flag, file, err)
	}
	return word, nil
}
