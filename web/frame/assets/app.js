// What pages do beyond htmx: colours, charts, choosing rows, and not replacing what
// somebody is working with. Every page can be read and every form sent without it.
(function () {
  "use strict";

  // Light or dark: the system's choice until somebody makes one.
  function themeSwitch() {
    var button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      var root = document.documentElement;
      var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("holdfast-theme", root.dataset.theme); } catch (e) { /* not kept then */ }
      drawCharts(document);
    });
  }

  // A chart is drawn from the table that is its text.
  var colours = { good: "--good", bad: "--bad", busy: "--busy", plain: "--accent" };
  function drawCharts(root) {
    if (!window.uPlot) return;
    root.querySelectorAll("figure[data-chart]").forEach(function (figure) {
      var table = figure.querySelector("table");
      var place = figure.querySelector(".plot");
      if (!table || !place) return;
      var style = getComputedStyle(document.documentElement);
      var data = [[]], series = [{}];
      table.querySelectorAll("thead th[data-series]").forEach(function (th) {
        var colour = style.getPropertyValue(colours[th.dataset.series] || "--accent").trim();
        series.push({ label: th.textContent, stroke: colour, fill: colour + "cc", width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 28], align: 0 }) });
        data.push([]);
      });
      table.querySelectorAll("tbody tr").forEach(function (tr) {
        data[0].push(Number(tr.dataset.at));
        tr.querySelectorAll("td").forEach(function (td, i) { data[i + 1].push(Number(td.dataset.value)); });
      });
      // Bars stand on one another: the sums are drawn from behind.
      var sums = data.slice(1).map(function (row) { return row.slice(); });
      for (var i = 1; i < sums.length; i++) for (var j = 0; j < sums[i].length; j++) sums[i][j] += sums[i - 1][j];
      var axis = { stroke: style.getPropertyValue("--faint").trim(), grid: { stroke: style.getPropertyValue("--line").trim(), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
      place.textContent = "";
      new uPlot({
        width: place.clientWidth || 600, height: 150, legend: { show: false }, cursor: { show: false },
        tzDate: function (ts) { return uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC"); },
        scales: { x: { time: true, range: function (u, min, max) { var pad = 43200; return [min - pad, max + pad]; } }, y: { range: function (u, min, max) { return [0, Math.max(max * 1.1, 1)]; } } },
        axes: [Object.assign({}, axis, { grid: { show: false } }), Object.assign({ size: 56 }, axis)],
        series: [{}].concat(series.slice(1).reverse()),
      }, [data[0]].concat(sums.reverse()), place);
    });
  }

  // Rows that are ticked, for bulk actions.
  function ticked() { return document.querySelectorAll("input[data-row]:checked").length; }
  function countTicked() {
    var n = ticked();
    document.querySelectorAll("[data-ticked]").forEach(function (e) { e.textContent = n ? n + " chosen" : ""; });
  }
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-all-rows]")) {
      document.querySelectorAll("input[data-row]").forEach(function (box) { box.checked = event.target.checked; });
    }
    countTicked();
    if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
  });

  // A question before what cannot be undone.
  document.addEventListener("submit", function (event) {
    var question = event.submitter && event.submitter.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // A live part is not replaced under somebody's hands.
  function inUse(part) {
    if (ticked()) return true;
    if (part.querySelector("details[open]:not([data-stays])")) return true;
    var focus = document.activeElement;
    return focus && part.contains(focus) && /^(INPUT|SELECT|TEXTAREA)$/.test(focus.tagName);
  }
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt.id === "live" && inUse(event.detail.elt)) event.preventDefault();
  });
  document.addEventListener("htmx:afterSettle", function (event) { drawCharts(event.target); countTicked(); });

  // Whether the page is live.
  function say(text, state) {
    document.querySelectorAll("[data-live-state]").forEach(function (e) { e.textContent = text; e.dataset.state = state; });
  }
  document.addEventListener("htmx:sseOpen", function () { say("live", "open"); });
  document.addEventListener("htmx:sseError", function () { say("not live: trying to connect again", "closed"); });

  var drawn;
  window.addEventListener("resize", function () { clearTimeout(drawn); drawn = setTimeout(function () { drawCharts(document); }, 150); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { drawCharts(document); });
  document.addEventListener("DOMContentLoaded", function () { themeSwitch(); drawCharts(document); countTicked(); });
})();
