import { find } from './dom.ts';
import { remembered } from './remembered.ts';
import { isRoom } from './room.ts';

const MAX_SUGGESTED = 20;

/** The field in which a room is picked; it suggests rooms of the configuration and those visited before. */
export const createRoomPicker = (suggested: readonly string[], onPick: (room: string) => void) => {
  const form = find('#room-form', HTMLFormElement);
  const input = find('#room', HTMLInputElement);
  const list = find('#rooms', HTMLDataListElement);
  let shown = '';

  const visited = () => (remembered.get('rooms') ?? '').split(' ').filter(isRoom);
  const pick = () => {
    const room = input.value.trim();
    if (room === '') input.value = shown;
    const isValid = room === '' || isRoom(room);
    input.setCustomValidity(isValid ? '' : 'A room is 1 to 64 characters, without spaces and braces.');
    if (!isValid) return void input.reportValidity();
    if (room !== '' && room !== shown) onPick(room);
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    pick();
  });
  input.addEventListener('change', pick);
  input.addEventListener('input', () => input.setCustomValidity(''));
  // What is typed replaces the name.
  input.addEventListener('focus', () => input.select());

  return {
    show(room: string) {
      shown = room;
      input.value = room;
      const rooms = [...new Set([room, ...visited()])].slice(0, MAX_SUGGESTED);
      remembered.set('rooms', rooms.join(' '));
      list.replaceChildren(...[...new Set([...suggested, ...rooms])].map((name) => new Option(name, name)));
    },
  };
};
