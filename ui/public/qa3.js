// The page's language for screen readers and for style sheets; Chainlit leaves it English.
document.documentElement.lang = navigator.language || 'en';
// The newer file dialog hides files whose kind the system does not know; the plain one shows all.
delete window.showOpenFilePicker;
