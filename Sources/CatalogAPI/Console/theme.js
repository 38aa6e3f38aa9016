// The chosen colour scheme, before anything is painted. A classic script on purpose: modules run
// after the first paint, and a page that flashes white at night is no kindness.
(() => {
  try {
    const theme = localStorage.getItem("console.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be refused; the system's scheme applies.
  }
})();
