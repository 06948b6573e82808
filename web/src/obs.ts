/** What OBS tells a page that is a browser source. */
interface ObsEvents {
  obsSourceVisibleChanged: CustomEvent<{ visible: boolean }>;
  obsSourceActiveChanged: CustomEvent<{ active: boolean }>;
}

/** As OBS 26 and older tell it. */
interface ObsStudio {
  onVisibilityChange?: (isVisible: boolean) => void;
  onActiveChange?: (isActive: boolean) => void;
}

declare global {
  // An interface is the only way to extend one.
  interface Window {
    obsstudio?: ObsStudio;
  }
  interface WindowEventMap extends ObsEvents {}
}

/**
 * Calls the listener now and whenever it changes: whether the page can be seen. In OBS it must be shown somewhere and be
 * part of the programme that is sent or recorded; until OBS says otherwise, it is.
 */
export const onActivity = (listener: (isActive: boolean) => void): void => {
  const seen = { visible: true, active: true };
  let last: boolean | undefined;
  const update = () => {
    const isActive = seen.visible && seen.active && !document.hidden;
    if (isActive !== last) listener(isActive);
    last = isActive;
  };
  const setVisible = (visible: boolean) => {
    seen.visible = visible;
    update();
  };
  const setActive = (active: boolean) => {
    seen.active = active;
    update();
  };
  addEventListener('obsSourceVisibleChanged', ({ detail }) => setVisible(detail.visible));
  addEventListener('obsSourceActiveChanged', ({ detail }) => setActive(detail.active));
  if (window.obsstudio) Object.assign(window.obsstudio, { onVisibilityChange: setVisible, onActiveChange: setActive });
  document.addEventListener('visibilitychange', update);
  update();
};
