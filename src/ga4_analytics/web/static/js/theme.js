// Runs before the page is drawn, so that it never flashes in the other theme.
(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const apply = () => {
    document.documentElement.dataset.theme = chosen() || (dark.matches ? "dark" : "light");
  };
  apply();
  dark.addEventListener("change", () => {
    apply();
    window.dispatchEvent(new Event("themechange"));
  });
})();
