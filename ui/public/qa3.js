// What Chainlit's page lacks: its language, names for its buttons, boxes of the settings that say
// what is wrong with them, an address for each job, and a memory of what was chosen in this tab.
// page_script.py writes the constant qa3Facts before this.
document.documentElement.lang = navigator.language || 'en';
// The newer file dialog hides files whose kind the system does not know; the plain one shows all.
delete window.showOpenFilePicker;

(() => {
  const root = new URL('..', document.currentScript?.src ?? window.location.href);
  const mounted = root.pathname === '/' ? null : root;
  const language = /^zh/i.test(navigator.language || '') ? 'zh' : 'en';
  const say = (name, fields = {}) =>
    qa3Facts.texts[language][name].replace(/\{(\w+)\}/g, (whole, field) => fields[field] ?? whole);

  // A notice stays until it is closed; a toast of four seconds is missed.
  function notice(text) {
    let box = document.getElementById('qa3-notices');
    if (!box) {
      box = document.createElement('div');
      box.id = 'qa3-notices';
      box.setAttribute('role', 'alert');
      document.body.append(box);
    }
    const line = document.createElement('p');
    const close = document.createElement('button');
    close.type = 'button';
    close.textContent = '×';
    close.setAttribute('aria-label', say('close'));
    close.onclick = () => line.remove();
    line.append(text, close);
    box.append(line);
  }

  // Names of what Chainlit shows as bare icons.
  const NAMES = {
    '#upload-button': 'attach',
    '#chat-settings-open-modal': 'settings',
    '#chat-submit': 'send',
    '#stop-button': 'stop',
    '#new-chat-button': 'new_chat',
    '#theme-toggle': 'theme',
    '#command-button': 'commands',
    '#chat-input': 'message',
    '#upload-button-input, input[id="#upload-drop-input"]': 'attach',
  };
  function nameAll() {
    for (const [selector, name] of Object.entries(NAMES))
      for (const one of document.querySelectorAll(selector))
        if (one.getAttribute('aria-label') !== say(name)) one.setAttribute('aria-label', say(name));
    for (const one of document.querySelectorAll('button.command-button'))
      one.ariaLabel ||= one.id.replace('command-', ''); // on a phone it shows no word
    for (const one of document.querySelectorAll('#root button:not([aria-label])'))
      for (const [icon, name] of Object.entries({ 'arrow-down': 'down', copy: 'copy' }))
        if (!one.textContent.trim() && one.querySelector(`.lucide-${icon}`)) one.ariaLabel = say(name);
    for (const one of document.querySelectorAll('ol[data-sonner-toaster]:not([role])'))
      one.setAttribute('role', 'group'); // its items are no list items, but say their state
    for (const one of document.querySelectorAll('#upload-button[role=presentation]'))
      one.removeAttribute('role');
    for (const one of document.querySelectorAll('#chat-settings [role=slider]:not([aria-label])'))
      one.setAttribute('aria-label', one.closest('[id]')?.closest('div')?.parentElement?.querySelector('label')?.firstChild?.textContent ?? '');
    // Where the REST service shows this page, its documentation is a step away.
    const header = document.querySelector('#header');
    if (mounted && header && !document.getElementById('qa3-api')) {
      const link = document.createElement('a');
      link.id = 'qa3-api';
      link.href = new URL('../docs', mounted).href;
      link.textContent = say('api');
      header.lastElementChild?.prepend(link);
    }
    const drop = document.querySelector('[role=presentation][tabindex="0"]');
    if (drop) drop.removeAttribute('tabindex'); // nothing happens there by key
  }
  let naming = false;
  new MutationObserver(() => {
    if (naming) return;
    naming = true;
    requestAnimationFrame(() => {
      naming = false;
      nameAll();
      markAll();
    });
  }).observe(document.documentElement, { childList: true, subtree: true });

  // Boxes of the settings: what is wrong is said beside the box, and the dialog stays.
  const wrong = new Map();
  function fault(id, text) {
    const rule = qa3Facts.rules[id];
    const value = text.trim();
    if (!rule || !value) return '';
    const label = document.querySelector(`label[for="${id}"]`)?.firstChild?.textContent ?? id;
    const fields = { ...rule, label, value: value.slice(0, 40) };
    if (rule.words) {
      const known = value.split(/[,，、\s]+/).every((one) => !one || rule.words.includes(one.toLowerCase()));
      return known ? '' : say('words', { ...fields, words: rule.words.join(', ') });
    }
    if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value)) return say('number', fields);
    const number = Number(value);
    if (rule.whole && !Number.isInteger(number)) return say('whole', fields);
    const outside = (rule.least != null && number < rule.least) || (rule.most != null && number > rule.most);
    return outside ? say('range', { ...fields, most: rule.most ?? '…' }) : '';
  }
  function markAll() {
    const dialog = document.getElementById('chat-settings');
    if (!dialog) {
      wrong.clear();
      typed.clear();
      return;
    }
    for (const id of Object.keys(qa3Facts.rules)) {
      const box = dialog.querySelector(`input#${id}`);
      if (!box) continue; // it stands in the other tab
      // Said anew where its box is shown again, which tells its name.
      const words = wrong.get(id) && fault(id, typed.get(id) ?? box.value);
      let line = dialog.querySelector(`#qa3-wrong-${id}`);
      if (!words) {
        line?.remove();
        if (box.hasAttribute('aria-invalid')) box.removeAttribute('aria-invalid');
        continue;
      }
      if (!line) {
        line = document.createElement('p');
        line.id = `qa3-wrong-${id}`;
        line.className = 'qa3-warning';
        line.setAttribute('role', 'alert');
        box.after(line);
      }
      if (line.textContent !== words) line.textContent = words;
      if (box.getAttribute('aria-invalid') !== 'true') {
        box.setAttribute('aria-invalid', 'true');
        box.setAttribute('aria-describedby', line.id);
      }
    }
  }
  document.addEventListener('input', ({ target }) => {
    if (!target.closest?.('#chat-settings') || !qa3Facts.rules[target.id]) return;
    // An earlier fault goes as soon as it is mended; a new one is said when it is confirmed.
    const words = fault(target.id, target.value);
    if (!words) wrong.delete(target.id);
    typed.set(target.id, target.value);
    markAll();
  });
  const typed = new Map();
  function confirmed(event) {
    const dialog = document.getElementById('chat-settings');
    for (const box of dialog.querySelectorAll('input[id]')) if (qa3Facts.rules[box.id]) typed.set(box.id, box.value);
    wrong.clear();
    for (const [id, text] of typed) {
      const words = fault(id, text);
      if (words) wrong.set(id, words);
    }
    if (!wrong.size) return typed.clear();
    event.preventDefault();
    event.stopPropagation();
    const [first] = wrong.keys();
    if (!dialog.querySelector(`input#${first}`)) {
      const tab = dialog.querySelector('[role=tab]'); // the numbers stand in the first one
      tab?.focus();
      tab?.dispatchEvent(new MouseEvent('mousedown', { bubbles: true, button: 0 }));
    }
    setTimeout(() => {
      markAll();
      dialog.querySelector(`input#${first}`)?.focus();
    }, 50);
  }
  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('button');
    if (!button) return;
    if (button.id === 'confirm' && button.closest('#chat-settings')) confirmed(event);
    else if (button.id === 'confirm') forget();
    else if (button.closest('#chat-settings') && !button.closest('[role=tabpanel], [role=tablist]')) typed.clear();
    if (button.id === `command-${qa3Facts.commands[language]}`) {
      // A click shows the jobs; Chainlit would only arm a command.
      event.preventDefault();
      event.stopPropagation();
      tell({ qa3: 'jobs' });
    }
  }, true);

  // What is too large is refused here, and the rest goes on.
  document.addEventListener('change', (event) => {
    const input = event.target;
    if (input.type !== 'file' || !input.files) return;
    const fitting = new DataTransfer();
    for (const file of input.files) {
      if (file.size <= qa3Facts.most) fitting.items.add(file);
      else tooLarge(file);
    }
    if (fitting.files.length !== input.files.length) input.files = fitting.files;
  }, true);
  document.addEventListener('drop', (event) => {
    const large = [...(event.dataTransfer?.files ?? [])].filter((file) => file.size > qa3Facts.most);
    if (!large.length) return;
    event.preventDefault();
    event.stopPropagation();
    large.forEach(tooLarge);
  }, true);
  function tooLarge(file) {
    const megabytes = (bytes) => Math.round(bytes / 1048576);
    notice(say('file_large', { name: file.name, size: megabytes(file.size), most: megabytes(qa3Facts.most) }));
  }

  // The server greets each chat; it is answered with the job in the address and what was chosen.
  let greeting = '';
  let asked = new URL(window.location.href).searchParams.get('job'); // also where one signs in first
  const tell = (words) => window.postMessage({ ...words, greeting }, window.location.origin);
  function address(job) {
    const place = new URL(window.location.href);
    if (job) place.searchParams.set('job', job);
    else place.searchParams.delete('job');
    window.history.replaceState(window.history.state, '', place);
  }
  function forget() {
    address('');
    asked = null;
  }
  window.addEventListener('message', ({ data, source }) => {
    if (source !== window || !data) return;
    if (data.qa3 === 'hello') {
      greeting = data.greeting;
      const job = asked;
      asked = null;
      tell({ qa3: 'here', job, chosen: JSON.parse(sessionStorage.getItem('qa3-chosen') ?? 'null') });
    } else if (data.qa3 === 'job') address(data.job);
    else if (data.qa3 === 'kept') sessionStorage.setItem('qa3-chosen', JSON.stringify(data.chosen));
  });
})();
