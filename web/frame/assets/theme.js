// Runs before the page is shown, so that it never flashes in the other colours.
(function () {
  var kept = null;
  try { kept = localStorage.getItem("holdfast-theme"); } catch (e) { /* not kept then */ }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
